import Conversion

/// Reads elements of a view of a tensor: what is stored together is read at once, and what is stored apart is gathered.
///
/// Counted in units: elements, or blocks of elements where a tensor consists of them.
struct StridedReader {
    /// Reads consecutive units of the tensor that is viewed.
    typealias Read = (_ units: Range<Int>, _ bytes: inout MutableSpan<UInt8>) throws -> Void

    /// A dimension of a box of elements.
    private struct Dimension {
        let length: Int
        /// How far apart neighbours are in the tensor.
        let stride: Int
        /// How far apart they go in the result.
        let step: Int
    }

    /// The most bytes that are read at once and not wanted as they are stored.
    private static let stagingSize = 4 << 20
    /// Reading so many bytes costs no more than asking for them.
    private static let cheapSize = 4096

    private let offset: Int
    private let shape: [Int]
    private let strides: [Int]
    private let unitSize: Int

    /// - Parameters:
    ///   - unitLength: the number of elements in a unit, which are stored together along the view's last dimension.
    ///   - unitSize: in bytes.
    /// - Returns: `nil` where the view tears units apart.
    init?(_ view: TensorView, unitLength: Int, unitSize: Int) {
        self.unitSize = unitSize
        var (shape, strides, offset) = (view.shape, view.strides, view.offset)
        if unitLength > 1 {
            guard let last = shape.indices.last, strides[last] == 1, shape[last].isMultiple(of: unitLength),
                offset.isMultiple(of: unitLength),
                zip(shape, strides).dropLast().allSatisfy({
                    $0.0 == 1 || $0.1.isMultiple(of: unitLength)
                })
            else { return nil }
            shape[last] /= unitLength
            for axis in strides.indices.dropLast() { strides[axis] /= unitLength }
            offset /= unitLength
        }
        guard strides.allSatisfy({ $0 >= 0 }), offset >= 0 else { return nil }
        self.shape = shape
        self.strides = strides
        self.offset = offset
    }

    /// Reads units of the view, counted in its row-major order.
    /// - Parameters:
    ///   - staging: room that grows as it is needed.
    ///   - bytes: room for exactly these units.
    func read(
        _ units: Range<Int>, staging: inout [UInt8], into bytes: inout MutableSpan<UInt8>, _ read: Read
    ) throws {
        precondition(bytes.count == units.count * unitSize)
        var boxes: [(offset: Int, place: Int, dimensions: [Dimension])] = []
        cut(units, from: 0, offset: offset, place: 0) { boxes.append(($0, $1, $2)) }
        for box in boxes {
            try gather(box.offset, box.place, box.dimensions, &staging, &bytes, read)
        }
    }

    /// Cuts a range of elements in row-major order into boxes.
    private func cut(
        _ range: Range<Int>, from axis: Int, offset: Int, place: Int,
        _ add: (Int, Int, [Dimension]) -> Void
    ) {
        if range.isEmpty { return }
        guard axis < shape.count else { return add(offset, place, []) }
        let inner = shape[(axis + 1)...].reduce(1, &*)
        let (first, last) = (range.lowerBound / inner, (range.upperBound - 1) / inner)
        let isWhole = range.lowerBound == first * inner && range.upperBound == (last + 1) * inner
        if isWhole {
            return add(offset + first * strides[axis], place, box(axis, last - first + 1))
        }
        var position = range.lowerBound
        // A row begun, rows as a whole, and a row not finished.
        while position < range.upperBound {
            let row = position / inner
            let start = offset + row * strides[axis]
            let whole = range.upperBound / inner - row
            if position == row * inner, whole > 0 {
                add(start, place + position - range.lowerBound, box(axis, whole))
                position += whole * inner
            } else {
                let end = min(range.upperBound, (row + 1) * inner)
                cut(
                    position - row * inner..<end - row * inner, from: axis + 1, offset: start,
                    place: place + position - range.lowerBound, add)
                position = end
            }
        }
    }

    /// The dimensions of so many rows along an axis; those that are stored together as one.
    private func box(_ axis: Int, _ count: Int) -> [Dimension] {
        var result: [Dimension] = []
        var step = 1
        for inner in shape.indices[axis...].reversed() {
            let length = inner == axis ? count : shape[inner]
            defer { step *= length }
            if length == 1 { continue }
            if let last = result.last, last.stride * last.length == strides[inner],
                last.step * last.length == step
            {
                result[result.count - 1] = Dimension(
                    length: last.length * length, stride: last.stride, step: last.step)
            } else {
                result.append(Dimension(length: length, stride: strides[inner], step: step))
            }
        }
        return result.reversed()
    }

    /// Reads a box: all that it spans where that is not much more than what is wanted, else part by part.
    private func gather(
        _ offset: Int, _ place: Int, _ dimensions: [Dimension], _ staging: inout [UInt8],
        _ bytes: inout MutableSpan<UInt8>, _ read: Read
    ) throws {
        let count = dimensions.reduce(1) { $0 * $1.length }
        let span = dimensions.reduce(1) { $0 + ($1.length - 1) * $1.stride }
        let isPlain = dimensions.isEmpty || (dimensions.count == 1 && dimensions[0].stride == 1)
        if isPlain, dimensions.first?.step ?? 1 == 1 {
            let start = place * unitSize
            var room = bytes._mutatingExtracting(start..<start + count * unitSize)
            return try read(offset..<offset + count, &room)
        }
        if span <= max(2 * count, Self.cheapSize / unitSize), span * unitSize <= Self.stagingSize {
            let size = span * unitSize
            if staging.count < size { staging = [UInt8](repeating: 0, count: size) }
            var all = staging.mutableSpan
            var room = all._mutatingExtracting(0..<size)
            try read(offset..<offset + span, &room)
            return copy(room.span, 0, place, dimensions[...], &bytes)
        }
        guard let widest = dimensions.indices.max(by: { dimensions[$0].stride < dimensions[$1].stride })
        else { return }
        var rest = dimensions
        let dimension = rest.remove(at: widest)
        if rest.isEmpty, dimension.stride == 1 {
            // One run that is too long for the staging room.
            let most = Self.stagingSize / unitSize
            for start in stride(from: 0, to: dimension.length, by: most) {
                let part = Dimension(
                    length: min(most, dimension.length - start), stride: 1, step: dimension.step)
                try gather(
                    offset + start, place + start * dimension.step, [part], &staging, &bytes, read)
            }
            return
        }
        for index in 0..<dimension.length {
            try gather(
                offset + index * dimension.stride, place + index * dimension.step, rest, &staging, &bytes,
                read)
        }
    }

    // MARK: Copies in memory

    private func copy(
        _ source: Span<UInt8>, _ offset: Int, _ place: Int, _ dimensions: ArraySlice<Dimension>,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        guard let first = dimensions.first, dimensions.count > 1 else {
            let run = dimensions.first ?? Dimension(length: 1, stride: 1, step: 1)
            return copyRun(source, offset, place, run, &bytes)
        }
        for index in 0..<first.length {
            copy(
                source, offset + index * first.stride, place + index * first.step, dimensions.dropFirst(),
                &bytes)
        }
    }

    private func copyRun(
        _ source: Span<UInt8>, _ offset: Int, _ place: Int, _ run: Dimension,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        switch unitSize {
        case _ where run.stride == 1 && run.step == 1: copyBytes(source, offset, place, run, &bytes)
        case 1: copyWords(UInt8.self, source, offset, place, run, &bytes)
        case 2: copyWords(UInt16.self, source, offset, place, run, &bytes)
        case 4: copyWords(UInt32.self, source, offset, place, run, &bytes)
        case 8: copyWords(UInt64.self, source, offset, place, run, &bytes)
        default: copyBytes(source, offset, place, run, &bytes)
        }
    }

    private func copyWords<Word: FixedWidthInteger & BitwiseCopyable>(
        _ type: Word.Type, _ source: Span<UInt8>, _ offset: Int, _ place: Int, _ run: Dimension,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        let size = MemoryLayout<Word>.size
        let last = run.length - 1
        precondition((offset + last * run.stride + 1) * size <= source.count && offset >= 0)
        precondition((place + last * run.step + 1) * size <= bytes.count && place >= 0)
        // SAFETY: the first and the last word are in the spans, as was just checked, and the others between them.
        unsafe source.withUnsafeBytes { from in
            unsafe bytes.withUnsafeMutableBytes { to in
                var (position, target) = (offset &* size, place &* size)
                for _ in 0..<run.length {
                    let word = unsafe from.loadUnaligned(fromByteOffset: position, as: Word.self)
                    unsafe to.storeBytes(of: word, toByteOffset: target, as: Word.self)
                    position &+= run.stride &* size
                    target &+= run.step &* size
                }
            }
        }
    }

    private func copyBytes(
        _ source: Span<UInt8>, _ offset: Int, _ place: Int, _ run: Dimension,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        let isOne = run.stride == 1 && run.step == 1
        let (count, size) = isOne ? (1, run.length * unitSize) : (run.length, unitSize)
        for index in 0..<count {
            let from = (offset + index * run.stride) * unitSize
            let to = (place + index * run.step) * unitSize
            precondition(from >= 0 && from + size <= source.count && to >= 0 && to + size <= bytes.count)
            // SAFETY: both ranges are in their spans, as was just checked; the spans cannot overlap, because one is
            // borrowed for writing alone.
            unsafe source.withUnsafeBytes { all in
                unsafe bytes.withUnsafeMutableBytes { room in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: room[to..<to + size]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: all[from..<from + size]))
                }
            }
        }
    }
}
