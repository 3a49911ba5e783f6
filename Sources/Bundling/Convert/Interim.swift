import Tensors

extension GGMLType {
    func firstInvalidBlock(in bytes: Span<UInt8>) -> Int? { nil }
}
