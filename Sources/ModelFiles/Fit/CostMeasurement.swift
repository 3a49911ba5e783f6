import Manifests
import Storage
import Synchronization
import Tensors

/// Measures what types cost tensors: every element is read once, goes through the kernels of all types, and comes back.
///
/// The sums do not depend on the number of threads (``ExactSum``). Memory depends on that number alone.
struct CostMeasurement: Sendable {
    /// The elements of a slab.
    static let slabLength = 1 << 18
    /// The elements that go through the kernels at a time.
    private static let stride = 1 << 15

    /// The model.
    let source: any TensorSource
    /// What is wanted, each tensor once.
    let requests: [CostRequest]

    /// Measures.
    /// - Parameter done: called for each tensor as soon as it is measured, with the place of its request and the costs
    ///   of its types.
    /// - Throws: ``Diagnostics`` where the source has a number that is none.
    @concurrent
    func run(
        threads: Int, progress: @escaping ProgressHandler,
        done: @escaping @Sendable (_ request: Int, _ costs: [MeasuredCost]) -> Void
    ) async throws {
        progress(
            .began(stage: "measuring", files: requests.count, bytes: byteCount, counted: "tensors"))
        defer { progress(.ended) }
        let sums = PartialSums()
        let (requests, source) = (requests, source)
        try await SlabScheduler(shapes).run(
            threads: threads, progress: progress, room: { CostRoom() },
            carry: { slab, room in
                let bytes = try measure(slab, &room)
                sums.add(room.sums, to: slab.tensor)
                return bytes
            },
            finish: { number in
                done(number, sums.take(number)?.costs ?? [])
                return source.tensors[requests[number].tensor].name
            })
        try source.checkUnchanged()
    }

    private var byteCount: Int {
        requests.reduce(0) { sum, request in
            let tensor = source.tensors[request.tensor]
            return sum + tensor.byteCount(tensor.elementCount)
        }
    }

    private var shapes: [SlabQueue.Tensor] { requests.map(shape) }

    private func shape(_ request: CostRequest) -> SlabQueue.Tensor {
        let tensor = source.tensors[request.tensor]
        let (count, row) = (tensor.elementCount, max(1, tensor.rowLength))
        let isWhole = row <= Self.slabLength || !request.importance.isEmpty
        let matrix = row &* (tensor.dimensions.dropFirst().first ?? 1)
        // Parts of a long row end where pieces do, and never go on into the next row.
        return SlabQueue.Tensor(
            count: count, unit: isWhole ? row : Self.stride,
            period: max(1, request.importance.isEmpty ? (isWhole ? count : row) : matrix),
            length: Self.slabLength)
    }

    /// Measures one slab; the sums are the room's.
    private func measure(_ slab: Slab, _ room: inout CostRoom) throws -> Int {
        try measure(slab, &room.input, &room.floats, &room.back, &room.blocks, &room.sums)
    }

    private func measure(
        _ slab: Slab, _ input: inout [UInt8], _ floats: inout [Float], _ back: inout [Float],
        _ blocks: inout [UInt8], _ sums: inout CostSums
    ) throws -> Int {
        let request = requests[slab.tensor]
        let tensor = source.tensors[request.tensor]
        let size = tensor.byteCount(slab.elements.count)
        if input.count < size { input = [UInt8](repeating: 0, count: size) }
        var read = input.mutableSpan
        var bytes = read._mutatingExtracting(0..<size)
        try source.read(slab.elements, of: request.tensor, into: &bytes)
        let columns = tensor.columns(at: slab.elements.lowerBound, of: request.importance.count)
        let matrix = tensor.rowLength &* (tensor.dimensions.dropFirst().first ?? 1)
        let number = slab.elements.lowerBound / max(1, matrix)
        let factor = request.usage.isEmpty ? 1 : request.usage[number % request.usage.count]
        sums = CostSums(count: request.types.count)
        try Self.measure(
            bytes.span, tensor, request.types, request.importance.span.extracting(columns), factor,
            (slab.elements.lowerBound, source.name), &floats, &back, &blocks, &sums)
        return size
    }

    private static func measure(
        _ bytes: Span<UInt8>, _ tensor: TensorDescription, _ types: [GGMLType], _ importance: Span<Float>,
        _ factor: Double, _ place: (start: Int, name: String), _ floats: inout [Float], _ back: inout [Float],
        _ blocks: inout [UInt8], _ sums: inout CostSums
    ) throws {
        guard let from = tensor.type.format else {
            throw ConversionGap(source: tensor.type, type: types.first ?? .f32)
        }
        let count = bytes.count / tensor.type.blockSize * tensor.type.blockLength
        let row = max(1, min(tensor.rowLength, count))
        let isWhole = row <= slabLength || !importance.isEmpty
        let step = min(count, isWhole ? max(1, stride / row) * row : stride)
        if floats.count < step { floats = [Float](repeating: 0, count: step) }
        if back.count < step { back = [Float](repeating: 0, count: step) }
        if blocks.count < step * 4 { blocks = [UInt8](repeating: 0, count: step * 4) }
        var start = 0
        while start < count {
            let end = min(start + step, count)
            var room = floats.mutableSpan
            var part = room._mutatingExtracting(0..<end - start)
            from.dequantize(
                bytes.extracting(tensor.byteCount(start)..<tensor.byteCount(end)), into: &part)
            let rows = part.span
            if let index = rows.firstNotFinite {
                throw Diagnostics(
                    TensorConverter.Fault(element: start + index, problem: .source(rows[index]))
                        .diagnostic(tensor, place.start, in: place.name))
            }
            let length = isWhole ? row : end - start
            sums.addEnergy(rows, importance, length, factor)
            for (number, type) in types.enumerated() where sums.isUsable(number) {
                guard type != tensor.type, let to = type.format else { continue }
                var written = blocks.mutableSpan
                var result = written._mutatingExtracting(
                    0..<(end - start) / type.blockLength * type.blockSize)
                to.quantize(
                    rows, rowLength: importance.isEmpty ? end - start : row, importance: importance,
                    into: &result)
                guard type.firstInvalidBlock(in: result.span) == nil else {
                    sums.exclude(number)
                    continue
                }
                var other = back.mutableSpan
                var restored = other._mutatingExtracting(0..<end - start)
                to.dequantize(result.span, into: &restored)
                sums.add(number, rows, restored.span, importance, length, factor)
            }
            start = end
        }
    }
}

/// What one worker has of its own: room for a slab, and its sums.
private struct CostRoom {
    var input: [UInt8] = []
    var floats: [Float] = []
    var back: [Float] = []
    var blocks: [UInt8] = []
    var sums = CostSums(count: 0)
}

/// The sums of the tensors that are worked on.
private final class PartialSums: Sendable {
    private let sums = Mutex<[Int: CostSums]>([:])

    func add(_ part: CostSums, to tensor: Int) {
        sums.withLock { all in
            if all[tensor] == nil { all[tensor] = part } else { all[tensor]?.add(part) }
        }
    }

    func take(_ tensor: Int) -> CostSums? {
        sums.withLock { $0.removeValue(forKey: tensor) }
    }
}

/// The sums of a part of a tensor.
private struct CostSums: Sendable {
    private var energy = ExactSum()
    private var isBroken = false
    /// `nil` where the type cannot hold the numbers.
    private var errors: [ExactSum?]

    init(count: Int) { errors = [ExactSum?](repeating: ExactSum(), count: count) }

    func isUsable(_ number: Int) -> Bool { errors[number] != nil }

    mutating func exclude(_ number: Int) { errors[number] = nil }

    mutating func addEnergy(_ rows: Span<Float>, _ weights: Span<Float>, _ row: Int, _ factor: Double) {
        let isFinite = SquaredDifference.addSquares(
            rows, weights: weights, rowLength: row, factor: factor, to: &energy)
        if !isFinite { isBroken = true }
    }

    mutating func add(
        _ number: Int, _ rows: Span<Float>, _ other: Span<Float>, _ weights: Span<Float>, _ row: Int,
        _ factor: Double
    ) {
        guard var sum = errors[number] else { return }
        // Taken out, so that the digits are not copied.
        errors[number] = nil
        if SquaredDifference.add(rows, other, weights: weights, rowLength: row, factor: factor, to: &sum) {
            errors[number] = sum
        }
    }

    mutating func add(_ other: CostSums) {
        energy.add(other.energy)
        isBroken = isBroken || other.isBroken
        for index in errors.indices {
            guard var sum = errors[index], let more = other.errors[index] else {
                errors[index] = nil
                continue
            }
            errors[index] = nil
            sum.add(more)
            errors[index] = sum
        }
    }

    var costs: [MeasuredCost] {
        let energy = isBroken ? Double.infinity : energy.value
        return errors.map { MeasuredCost(error: $0?.value ?? .infinity, energy: energy) }
    }
}
