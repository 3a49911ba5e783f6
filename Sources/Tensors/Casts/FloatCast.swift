/// Converts floating-point elements between types as torch's `.to(dtype)` does: through 32-bit floats, each step
/// to the nearest, ties to even. That is one rounding for all but 64-bit floats, which torch rounds twice, too.
///
/// Infinities stay, and a NaN stays one with its sign and what of its payload there is room for. Elements do not
/// depend on one another and nothing here is vectorized by hand or fused, so that neither the machine nor the parts
/// in which a tensor is converted change a bit.
package struct FloatCast: Sendable {
    /// The type of the elements to read.
    package let source: DType
    /// The type of the elements to write.
    package let target: CastType

    /// How many elements go through the floats between the types at a time: few enough to stay in the
    /// second-level cache.
    private static let stride = 1 << 14

    /// A cast; `nil` from a type that casts leave alone (see ``CastType/isCast(_:)``).
    package init?(from source: DType, to target: CastType) {
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
    ///   - change: is given the elements, counted from the first of `input`, as 32-bit floats before they become the
    ///     target's, and may change them.
    /// - Returns: the index of the first finite element that would become infinite, after which nothing is
    ///   converted any more; `nil` where all fit.
    package func convert(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, floats: inout [Float],
        change: (_ elements: Range<Int>, _ floats: inout MutableSpan<Float>) -> Void = { _, _ in }
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
            format.dequantize(bytes, into: &part)
            change(start..<end, &part)
            if let index = firstOverflow(part.span, bytes) { return start + index }
            var result = output._mutatingExtracting(start * to..<end * to)
            target.format.quantize(
                part.span, rowLength: end - start, importance: Span(), into: &result)
            start = end
        }
        return nil
    }

    /// The element at an index as a person would write it.
    package func text(of index: Int, in input: Span<UInt8>) -> String {
        let size = source.bitsPerElement / 8
        let bytes = input.extracting(index * size..<(index + 1) * size)
        if source == .f64 { return "\(FloatCast.double(bytes))" }
        var value: [Float] = [0]
        var span = value.mutableSpan
        format.dequantize(bytes, into: &span)
        return "\(value[0])"
    }

    /// How the source's elements are stored.
    private var format: any BlockFormat.Type {
        let kernels = ProcessorLevel.current.kernels
        return switch source {
        case .f16: kernels.f16
        case .bf16: kernels.bf16
        case .f64: kernels.f64
        default: kernels.f32
        }
    }

    /// The first finite number that would become infinite: of 32-bit floats by their magnitude, of 64-bit ones also
    /// where the float is infinite already. What the kernel finds of these may have been infinite before, which is no
    /// overflow; all after it are looked at once, one by one, however many infinities there are.
    /// - Parameter look: finds the first number by its size, as ``NumberKernels/firstMagnitude(in:from:below:)`` does.
    func firstOverflow(
        _ floats: Span<Float>, _ bytes: Span<UInt8>,
        look: (Span<Float>, UInt32, UInt32) -> Int? = {
            ProcessorLevel.current.kernels.numbers.firstMagnitude(in: $0, from: $1, below: $2)
        }
    ) -> Int? {
        let (limit, end): (UInt32, UInt32) = (
            target.overflowLimit, source == .f64 ? 0x7F80_0001 : 0x7F80_0000
        )
        guard limit < end, let place = look(floats, limit, end) else { return nil }
        guard source == .f64 else { return place }
        return (place..<floats.count).first { index in
            let magnitude = floats[index].bitPattern & 0x7FFF_FFFF
            return magnitude >= limit && magnitude < end
                && FloatCast.double(bytes.extracting(index * 8..<index * 8 + 8)).isFinite
        }
    }

    private static func double(_ bytes: Span<UInt8>) -> Double {
        var bits: UInt64 = 0
        for index in bytes.indices { bits |= UInt64(bytes[index]) << (8 * UInt64(index)) }
        return Double(bitPattern: bits)
    }
}

extension CastType {
    /// How elements of this type are stored.
    fileprivate var format: any BlockFormat.Type {
        let kernels = ProcessorLevel.current.kernels
        return switch self {
        case .f16: kernels.f16
        case .bf16: kernels.bf16
        case .f32: kernels.f32
        }
    }

    /// The bits of the least positive 32-bit float that rounds to infinity in this type.
    fileprivate var overflowLimit: UInt32 {
        switch self {
        case .f16: 0x477F_F000  // 65520, halfway between 65504 and the 65536 that would follow
        case .bf16: 0x7F7F_8000
        case .f32: 0x7F80_0000
        }
    }
}
