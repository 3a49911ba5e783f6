public import Tensors

/// What was asked of `quantize`, by llama-quantize's options.
public struct QuantizationOptions: Sendable {
    /// The type or mixture to make.
    public var type: QuantizationType
    /// `--pure`: one type for every tensor that is quantized, without the mixture's exceptions.
    public var isPure = false
    /// `--token-embedding-type`: the type of the token embeddings, with no regard to the mixture.
    public var tokenEmbeddingType: GGMLType?
    /// `--output-tensor-type`: the type of `output.weight`, with no regard to the mixture.
    public var outputTensorType: GGMLType?
    /// `--tensor-type`: the first rule that finds its pattern in a tensor's name decides.
    public var tensorTypes: [TensorTypeRule] = []
    /// `--leave-output-tensor`: `output.weight` is copied.
    public var leavesOutputTensor = false
    /// `--allow-requantize`: tensors that are quantized already may be converted.
    public var allowsRequantizing = false
    /// `--keep-split`: tensors stay in the order in which they are given: by file, then by place in it.
    public var keepsOrder = false

    /// Asks for a type, and for nothing else.
    public init(type: QuantizationType) { self.type = type }
}

/// A rule of `--tensor-type PATTERN=TYPE`.
public struct TensorTypeRule: Sendable {
    /// The regular expression that is looked for in a tensor's name, in lower case.
    public let pattern: String
    /// The type of the tensors it is found in.
    public let type: GGMLType
    let expression: NamePattern

    /// Reads `PATTERN=TYPE`.
    /// - Throws: where either is missing, the pattern is no regular expression, or the type is unknown.
    public init(_ text: String) throws(QuantizationError) {
        throw QuantizationError("not yet: \(text)")
    }
}

struct NamePattern: Sendable {}
