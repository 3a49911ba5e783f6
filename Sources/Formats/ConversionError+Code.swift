extension ConversionError {
    /// The kinds of problems. The raw value of each is the code of the finding that a command reports.
    package enum Code: String, CaseIterable, Sendable {
        /// The configuration of an adapter is not one that PEFT writes.
        case adapterConfigMalformed = "adapter-config-malformed"
        /// An adapter has no configuration.
        case adapterConfigMissing = "adapter-config-missing"
        /// The configuration of an adapter asks for something that cannot be merged here.
        case adapterConfigUnsupported = "adapter-config-unsupported"
        /// An adapter has no LoRA matrix.
        case adapterEmpty = "adapter-empty"
        /// An adapter has only one of the two matrices for a tensor.
        case adapterHalf = "adapter-half"
        /// An adapter is of another method than LoRA.
        case adapterMethod = "adapter-method"
        /// The shapes of an adapter's matrices do not fit.
        case adapterShape = "adapter-shape"
        /// An adapter does not fit its base model.
        case adapterTarget = "adapter-target"
        /// An adapter has a tensor that cannot be taken.
        case adapterTensor = "adapter-tensor"
        /// An adapter lacks a tensor that its configuration names.
        case adapterTensorMissing = "adapter-tensor-missing"
        /// A configuration does not state the architecture of its model.
        case architectureMissing = "architecture-missing"
        /// Models of the architecture cannot be converted.
        case architectureUnknown = "architecture-unknown"
        /// A configuration lacks a key.
        case configKeyMissing = "config-key-missing"
        /// A configuration is not an object.
        case configMalformed = "config-malformed"
        /// A model has no configuration, and is not loaded without one.
        case configMissing = "config-missing"
        /// A value of a configuration cannot be right, or cannot be converted.
        case configValueWrong = "config-value-wrong"
        /// What was written could not be hashed.
        case hashingFailed = "hashing-failed"
        /// A JSON file of a model cannot be read.
        case jsonBroken = "json-broken"
        /// A tokenizer has no merges, which llama.cpp needs.
        case mergesMissing = "merges-missing"
        /// Metadata that was given is not of the form that is needed.
        case metadataMalformed = "metadata-malformed"
        /// The name of a file to write has a placeholder that does not exist.
        case outfilePlaceholder = "outfile-placeholder"
        /// How a tokenizer splits a text is not known.
        case preTokenizerUnknown = "pre-tokenizer-unknown"
        /// A file of protocol buffers cannot be read.
        case protobufBroken = "protobuf-broken"
        /// The parts of a quantized tensor do not fit.
        case quantizationShape = "quantization-shape"
        /// A part of a quantized tensor is of an unexpected type.
        case quantizationType = "quantization-type"
        /// The weights are quantized in a way that is not known.
        case quantizationUnknown = "quantization-unknown"
        /// A part of a quantized tensor has a value that cannot be right.
        case quantizationValue = "quantization-value"
        /// The weights lack a tensor that the configuration asks for.
        case tensorMissing = "tensor-missing"
        /// A tensor has another shape than the configuration asks for.
        case tensorShape = "tensor-shape"
        /// There are two tensors of one name.
        case tensorTwice = "tensor-twice"
        /// A model has a tensor that its architecture does not have.
        case tensorUnknown = "tensor-unknown"
        /// The id of a token cannot be right.
        case tokenId = "token-id"
        /// A tokenizer lacks a token that is needed.
        case tokenMissing = "token-missing"
        /// A file of a tokenizer cannot be read.
        case tokenizerBroken = "tokenizer-broken"
        /// The configuration of a tokenizer contradicts the tokenizer.
        case tokenizerConfig = "tokenizer-config"
        /// A tokenizer is not of the kind that the architecture has.
        case tokenizerKind = "tokenizer-kind"
        /// A model has no tokenizer.
        case tokenizerMissing = "tokenizer-missing"
        /// A regular expression of a tokenizer cannot be used.
        case tokenizerRegex = "tokenizer-regex"
        /// A tokenizer has a part that is not supported.
        case tokenizerUnsupported = "tokenizer-unsupported"
        /// The number of tokens cannot be right.
        case vocabularySize = "vocabulary-size"
    }
}
