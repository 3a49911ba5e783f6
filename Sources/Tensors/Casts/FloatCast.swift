/// Converts floating-point elements between types as torch's `.to(dtype)` does: through 32-bit floats, each step
/// to the nearest, ties to even. That is one rounding for all but 64-bit floats, which torch rounds twice, too.
///
/// Infinities stay, and a NaN stays one with its sign and what of its payload there is room for. Elements do not
/// depend on one another and nothing here is vectorized by hand or fused, so that neither the machine nor the parts
/// in which a tensor is converted change a bit.
public struct FloatCast: Sendable {
    /// The type of the elements to read.
    public let source: DType
    /// The type of the elements to write.
    public let target: CastType

    /// How many elements go through the floats between the types at a time: few enough to stay in the
    /// second-level cache.
    private static let stride = 1 << 14

    /// A cast; `nil` from a type that casts leave alone (see ``CastType/isCast(_:)``).
    public init?(from source: DType, to target: CastType) {
        guard CastType.isCast(source) else { return nil }
        self.source = source
        self.target = target
    }

    /// Converts elements.
    /// - Parameters:
    ///   - input: whole elements, little-endian.
    ///   - output: room for as many elements, little-endian. Sizes that do not fit are a programmer's mistake and
    ///     trap.
    ///   - floats: room that is used in between, kept by the caller from call to call.
    /// - Returns: the index of the first finite element that would become infinite, after which nothing is
    ///   converted any more; `nil` where all fit.
    public func convert(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, floats: inout [Float]
    ) -> Int? {
        let (from, to) = (source.bitsPerElement / 8, target.dtype.bitsPerElement / 8)
        let count = input.count / from
        precondition(input.count == count * from && output.count == count * to)
        if floats.count < min(count, Self.stride) {
            floats = [Float](repeating: 0, count: min(count, Self.stride))
        }
        var start = 0
        while start < count {
            let end = min(start + Self.stride, count)
            var room = floats.mutableSpan
            var part = room._mutatingExtracting(0..<end - start)
            let bytes = input.extracting(start * from..<end * from)
            if source == .f64 {
                if let index = FloatKernels.narrowDoubles(bytes, into: &part) { return start + index }
            } else {
                FloatKernels.widen(bytes, of: source, into: &part)
            }
            if target != .f32, let index = part.span.firstOverflow(limit: target.overflowLimit) {
                return start + index
            }
            var result = output._mutatingExtracting(start * to..<end * to)
            FloatKernels.narrow(part.span, to: target, into: &result)
            start = end
        }
        return nil
    }

    /// The element at an index as a person would write it.
    public func text(of index: Int, in input: Span<UInt8>) -> String {
        let size = source.bitsPerElement / 8
        let bytes = input.extracting(index * size..<(index + 1) * size)
        if source == .f64 {
            var bits: UInt64 = 0
            for byte in 0..<8 { bits |= UInt64(bytes[byte]) << (8 * UInt64(byte)) }
            return "\(Double(bitPattern: bits))"
        }
        var value: [Float] = [0]
        var span = value.mutableSpan
        FloatKernels.widen(bytes, of: source, into: &span)
        return "\(value[0])"
    }
}

extension CastType {
    /// The bits of the least positive 32-bit float that rounds to infinity in this type.
    fileprivate var overflowLimit: UInt32 {
        switch self {
        case .f16: 0x477F_F000  // 65520, halfway between 65504 and the 65536 that would follow
        case .bf16: 0x7F7F_8000
        case .f32: 0x7F80_0000
        }
    }
}

extension Span<Float> {
    /// The first finite number whose magnitude has at least these bits.
    fileprivate func firstOverflow(limit: UInt32) -> Int? {
        // All of them are looked at at first, because that is many at a time.
        var found: UInt32 = 0
        for index in indices {
            let magnitude = self[index].bitPattern & 0x7FFF_FFFF
            found |= magnitude >= limit && magnitude < 0x7F80_0000 ? 1 : 0
        }
        guard found != 0 else { return nil }
        return indices.first { index in
            let magnitude = self[index].bitPattern & 0x7FFF_FFFF
            return magnitude >= limit && magnitude < 0x7F80_0000
        }
    }
}
