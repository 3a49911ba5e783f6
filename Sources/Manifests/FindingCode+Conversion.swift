package import Formats

extension FindingCode {
    /// The code of a finding that an error of a conversion becomes.
    package init(_ code: ConversionError.Code) {
        self =
            switch code {
            case .adapterConfigMalformed: .adapterConfigMalformed
            case .adapterConfigMissing: .adapterConfigMissing
            case .adapterConfigUnsupported: .adapterConfigUnsupported
            case .adapterEmpty: .adapterEmpty
            case .adapterHalf: .adapterHalf
            case .adapterMethod: .adapterMethod
            case .adapterShape: .adapterShape
            case .adapterTarget: .adapterTarget
            case .adapterTensor: .adapterTensor
            case .adapterTensorMissing: .adapterTensorMissing
            case .architectureMissing: .architectureMissing
            case .architectureUnknown: .architectureUnknown
            case .configKeyMissing: .configKeyMissing
            case .configMalformed: .configMalformed
            case .configMissing: .configMissing
            case .configValueWrong: .configValueWrong
            case .hashingFailed: .hashingFailed
            case .jsonBroken: .jsonBroken
            case .mergesMissing: .mergesMissing
            case .metadataMalformed: .metadataMalformed
            case .outfilePlaceholder: .outfilePlaceholder
            case .preTokenizerUnknown: .preTokenizerUnknown
            case .protobufBroken: .protobufBroken
            case .quantizationShape: .quantizationShape
            case .quantizationType: .quantizationType
            case .quantizationUnknown: .quantizationUnknown
            case .quantizationValue: .quantizationValue
            case .tensorMissing: .tensorMissing
            case .tensorShape: .tensorShape
            case .tensorTwice: .tensorTwice
            case .tensorUnknown: .tensorUnknown
            case .tokenId: .tokenId
            case .tokenMissing: .tokenMissing
            case .tokenizerBroken: .tokenizerBroken
            case .tokenizerConfig: .tokenizerConfig
            case .tokenizerKind: .tokenizerKind
            case .tokenizerMissing: .tokenizerMissing
            case .tokenizerRegex: .tokenizerRegex
            case .tokenizerUnsupported: .tokenizerUnsupported
            case .vocabularySize: .vocabularySize
            }
    }
}
