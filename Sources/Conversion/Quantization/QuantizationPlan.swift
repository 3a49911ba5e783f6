import Formats
package import Tensors

/// Which type every tensor of a file gets, in the order of the file to write: every decision before any work.
package struct QuantizationPlan: Sendable {
    /// What becomes of one tensor.
    package struct Tensor: Sendable {
        /// The tensor as it is.
        package let source: TensorDescription
        /// The tensor's place in the list that the plan was made of.
        package let sourceIndex: Int
        /// The type it gets.
        package let type: GGMLType
        /// The type that its shape did not allow; `nil` where it got what it should.
        package let fallback: Fallback?
        /// The importance of its columns, to be read with ``Imatrix/values(of:read:)``; `nil` where the matrix
        /// has none, or the tensor is copied.
        package let importance: Imatrix.Entry?
        /// Whether the type gives garbage without importance.
        package let requiresImportance: Bool
        /// The size in bytes as it is, without padding.
        package let sourceSize: Int
        /// The size in bytes that it gets, without padding.
        package let size: Int

        /// Whether the tensor is converted; otherwise its bytes are copied.
        package var isConverted: Bool { type != source.type }

        /// The tensor as the header of the file to write states it: with its new type, and as llama.cpp writes
        /// all tensors with at least one dimension, and none of 1 at the end.
        package var result: TensorDescription {
            let dimensions = Array(source.dimensions.prefix(source.dimensionCount))
            return TensorDescription(
                name: source.name, dimensions: dimensions.isEmpty ? [1] : dimensions, type: type)
        }
    }

    /// A type that a tensor should have had, but its rows are no whole number of that type's blocks.
    package struct Fallback: Hashable, Sendable {
        /// The type it should have had.
        package let wanted: GGMLType
        /// Why it has another, as "rows of 288 are no multiples of 256".
        package let reason: String
        /// The bytes that the other type takes more than the wanted would; negative where it takes less.
        package let cost: Int
    }

    /// The tensors in the order of the file to write.
    package let tensors: [Tensor]
    /// What keeps the plan from being carried out, each with the tensors' names; empty where nothing does. A
    /// dry run shows them and goes on.
    package let problems: [QuantizationError]

    /// Decides the type of every tensor.
    /// - Parameters:
    ///   - tensors: the source's tensors, in any order; with ``QuantizationOptions/keepsOrder`` in the order to
    ///     write.
    ///   - imatrix: the importance matrix, after ``Imatrix/filtered(including:excluding:)``; an empty one is as
    ///     good as none.
    ///   - importanceNames: what the matrix calls the tensors, where that is not as they are called here.
    /// - Throws: where no type can be decided on.
    package init(
        tensors: [TensorDescription], traits: ModelTraits, options: QuantizationOptions,
        imatrix: Imatrix? = nil, importanceNames: [String]? = nil
    ) throws(QuantizationError) {
        let imatrix = imatrix?.entries.isEmpty == false ? imatrix : nil
        let order = options.keepsOrder ? Array(tensors.indices) : outputOrder(of: tensors)
        var chooser = TypeChooser(
            options: options, traits: traits, tensors: tensors, hasImportance: imatrix != nil)
        var problems = PlanProblems()
        var planned: [Tensor] = []
        planned.reserveCapacity(tensors.count)
        for index in order {
            let source = tensors[index]
            let (type, unfitting) = try chooser.choose(source)
            guard let sourceSize = source.type.byteCount(dimensions: source.dimensions),
                let size = type.byteCount(dimensions: source.dimensions)
            else {
                throw QuantizationError(
                    "tensor \(source.name.quotedForMessage) has rows of \(source.columns), which \(type.name) "
                        + "cannot divide into blocks of \(type.blockLength)",
                    hint: "choose a type with smaller blocks for it, such as Q8_0")
            }
            let isConverted = type != source.type
            let importance = isConverted ? imatrix?.entries[importanceNames?[index] ?? source.name] : nil
            let usable = importance.flatMap { $0.valueCount == source.importanceCount ? $0 : nil }
            let requiresImportance = type.requiresImportance(for: source, in: options.type.mixture)
            planned.append(
                Tensor(
                    source: source, sourceIndex: index, type: type,
                    fallback: unfitting.map { Fallback(of: source, wanted: $0, size: size) },
                    importance: usable, requiresImportance: requiresImportance, sourceSize: sourceSize,
                    size: size))
            guard isConverted else { continue }
            if !source.type.isConvertible { problems.unconvertible.append(source) }
            if source.type.isQuantized, !options.allowsRequantizing { problems.quantized.append(source) }
            if let importance, usable == nil, !source.isTokenEmbedding {
                problems.mismatched.append((source, importance.valueCount))
            } else if requiresImportance, usable == nil {
                problems.unimportant.append((source, type))
            }
        }
        self.tensors = planned
        self.problems = problems.errors(hasImportance: imatrix != nil)
    }

    /// States whether the plan can be carried out.
    /// - Throws: the first of ``problems``.
    package func check() throws(QuantizationError) {
        if let problem = problems.first { throw problem }
    }
}

extension QuantizationPlan.Fallback {
    fileprivate init(of tensor: TensorDescription, wanted: GGMLType, size: Int) {
        let elements = tensor.dimensions.reduce(1, *)
        let (blocks, rest) = elements.quotientAndRemainder(dividingBy: wanted.blockLength)
        self.init(
            wanted: wanted,
            reason: "rows of \(tensor.columns) are no multiples of \(wanted.blockLength)",
            cost: size - blocks * wanted.blockSize - rest * wanted.blockSize / wanted.blockLength)
    }
}

extension TensorDescription {
    /// The number of values that an importance matrix has for the tensor; -1 where there is no such number.
    package var importanceCount: Int {
        let (count, overflow) = columns.multipliedReportingOverflow(by: matrices)
        return overflow ? -1 : count
    }
}

extension GGMLType {
    /// Whether a tensor of this type is garbage if nobody knows which columns count (llama-quant.cpp,
    /// `tensor_requires_imatrix`). llama-quantize leaves the output and the token embeddings to luck, but for
    /// three types, which it cannot make without (ggml.c, `ggml_quantize_requires_imatrix`).
    fileprivate func requiresImportance(for tensor: TensorDescription, in mixture: FileType?) -> Bool {
        let isEnd = tensor.isTokenEmbedding || tensor.isOutput
        switch self {
        case .iq2XXS, .iq2XS, .iq1S: return true
        case .iq3XXS, .iq2S, .iq1M: return !isEnd
        case .q2K: return mixture == .q2KS && !isEnd
        default: return false
        }
    }
}
