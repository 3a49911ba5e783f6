public import Tensors

/// Which type every tensor of a file gets, in the order of the file to write: every decision before any work.
public struct QuantizationPlan: Sendable {
    /// What becomes of one tensor.
    public struct Tensor: Sendable {
        /// The tensor as it is.
        public let source: TensorDescription
        /// The tensor's place in the list that the plan was made of.
        public let sourceIndex: Int
        /// The type it gets.
        public let type: GGMLType
        /// The type that its shape did not allow; `nil` where it got what it should.
        public let fallback: Fallback?
        /// The importance of its columns, to be read with ``Imatrix/values(of:read:)``; `nil` where the matrix has
        /// none, or the tensor is copied.
        public let importance: Imatrix.Entry?
        /// Whether the type gives garbage without importance.
        public let requiresImportance: Bool
        /// The size in bytes before and after, without padding.
        public let sourceSize: Int, size: Int

        /// Whether the tensor is converted; otherwise its bytes are copied.
        public var isConverted: Bool { type != source.type }
    }

    /// A type that a tensor should have had, but its rows are no whole number of that type's blocks.
    public struct Fallback: Hashable, Sendable {
        /// The type it should have had.
        public let wanted: GGMLType
        /// Why it is another, as "rows of 288 are not divisible by 256".
        public let reason: String
        /// The bytes that the other type takes more than the wanted would; negative where it takes less.
        public let cost: Int
    }

    /// The tensors in the order of the file to write.
    public let tensors: [Tensor]
    /// What keeps the plan from being carried out, each with the tensors' names; empty where nothing does. A dry
    /// run shows them and goes on.
    public let problems: [QuantizationError]

    /// Decides the type of every tensor.
    /// - Parameters:
    ///   - tensors: the source's tensors, in any order; with ``QuantizationOptions/keepsOrder`` in the
    ///     order to write.
    ///   - imatrix: the importance matrix, after ``Imatrix/filtered(including:excluding:)``; an empty one is as
    ///     good as none.
    /// - Throws: where no type can be decided on.
    public init(
        tensors: [TensorDescription], traits: ModelTraits, options: QuantizationOptions,
        imatrix: Imatrix? = nil
    ) throws(QuantizationError) {
        throw QuantizationError("not yet")
    }
}
