import Tensors

extension GGMLType {
    /// The first block with a number that is infinite or not a number; for plain numbers only.
    func firstInvalidBlock(in bytes: Span<UInt8>) -> Int? {
        // The exponent is in the last two bytes of each number.
        let (size, mask): (Int, UInt16) =
            switch self {
            case .f32: (4, 0x7F80)
            case .bf16: (2, 0x7F80)
            case .f16: (2, 0x7C00)
            case .f64: (8, 0x7FF0)
            default: (0, 0)
            }
        guard size > 0 else { return nil }
        let count = bytes.count / size
        precondition(bytes.count == count * size)
        func isNone(_ index: Int) -> Bool {
            let end = index &* size &+ size
            return (UInt16(bytes[end &- 2]) | UInt16(bytes[end &- 1]) << 8) & mask == mask
        }
        var found: UInt16 = 0
        for index in 0..<count { found |= isNone(index) ? 1 : 0 }
        return found == 0 ? nil : (0..<count).first(where: isNone)
    }
}
