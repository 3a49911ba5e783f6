import Conversion
import Formats
import Manifests
import Synchronization
import Tensors

/// A checkpoint whose quantization is undone while it is read: few elements at a time, so that memory does not depend
/// on the size of a tensor.
struct DequantizedCheckpoint: Checkpoint {
    let tensors: [CheckpointTensor]
    private let contents: [Dequantization.Content]
    private let stored: any Checkpoint
    private let name: String
    private let tiles = TileCache()

    /// How many elements are computed at a time where any range is as good: they stay in the processor's cache.
    private static let stride = 1 << 15

    /// - Parameter name: the model, with which messages begin.
    init(_ dequantization: Dequantization, of stored: any Checkpoint, name: String) {
        tensors = dequantization.tensors.map(\.tensor)
        contents = dequantization.tensors.map(\.content)
        self.stored = stored
        self.name = name
    }

    func read(_ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>) throws {
        do {
            switch contents[index] {
            case .stored(let place): try stored.read(elements, of: place, into: &bytes)
            case .blocks(let blocks):
                let length = tensors[index].unitLength
                try blocks.read(
                    elements.lowerBound / length..<elements.upperBound / length, of: Source(stored),
                    into: &bytes)
            case .computed(let tensor): try compute(elements, of: tensor, index, into: &bytes)
            }
        } catch let error as ConversionError {
            throw Diagnostics(error.diagnostic(for: name))
        }
    }

    private func compute(
        _ elements: Range<Int>, of tensor: some DequantizedTensor, _ index: Int,
        into bytes: inout MutableSpan<UInt8>
    ) throws {
        precondition(bytes.count == elements.count * 4)
        let length = tensor.tileLength
        var start = elements.lowerBound
        while start < elements.upperBound {
            if length > 1 {
                let number = start / length
                let end = min(elements.upperBound, (number + 1) * length)
                let tile = try tiles.tile(number, of: index) {
                    let last = min((number + 1) * length, tensors[index].elementCount)
                    return try computed(number * length..<last, of: tensor)
                }
                store(tile, from: start - number * length, count: end - start, start, elements, &bytes)
                start = end
            } else {
                let end = min(elements.upperBound, start + Self.stride)
                let floats = try computed(start..<end, of: tensor)
                store(floats, from: 0, count: end - start, start, elements, &bytes)
                start = end
            }
        }
    }

    private func computed(_ elements: Range<Int>, of tensor: some DequantizedTensor) throws -> [Float] {
        var floats = [Float](repeating: 0, count: elements.count)
        var room = floats.mutableSpan
        try tensor.compute(elements, of: Source(stored), into: &room)
        return floats
    }

    private func store(
        _ floats: [Float], from first: Int, count: Int, _ start: Int, _ elements: Range<Int>,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        let place = (start - elements.lowerBound) * 4
        var room = bytes._mutatingExtracting(place..<place + count * 4)
        let part = floats.span.extracting(first..<first + count)
        let importance: [Float] = []
        GGMLType.f32.format?.quantize(part, rowLength: count, importance: importance.span, into: &room)
    }

    func willRead(_ elements: Range<Int>, of index: Int) {
        if case .stored(let place) = contents[index] { stored.willRead(elements, of: place) }
    }

    func checkUnchanged() throws { try stored.checkUnchanged() }

    /// Where stored elements are read.
    private struct Source: StoredTensors {
        let checkpoint: any Checkpoint

        init(_ checkpoint: any Checkpoint) { self.checkpoint = checkpoint }

        func read(_ elements: Range<Int>, of tensor: Int, into bytes: inout MutableSpan<UInt8>) throws {
            try checkpoint.read(elements, of: tensor, into: &bytes)
        }
    }
}

/// The tiles that were computed last, because the next range of elements may need another part of them.
private final class TileCache: Sendable {
    private struct Tile {
        let tensor: Int
        let number: Int
        let floats: [Float]
    }

    /// The most bytes of all tiles that are kept.
    private static let budget = 64 << 20
    private let kept = Mutex<[Tile]>([])

    /// A tile, computed where it is not kept.
    func tile(_ number: Int, of tensor: Int, _ compute: () throws -> [Float]) throws -> [Float] {
        let found: [Float]? = kept.withLock { tiles in
            guard let place = tiles.firstIndex(where: { $0.tensor == tensor && $0.number == number }) else {
                return nil
            }
            let tile = tiles.remove(at: place)
            tiles.append(tile)
            return tile.floats
        }
        if let found { return found }
        let floats = try compute()
        kept.withLock { tiles in
            tiles.append(Tile(tensor: tensor, number: number, floats: floats))
            var size = tiles.reduce(0) { $0 + $1.floats.count * 4 }
            while size > Self.budget, tiles.count > 1 { size -= tiles.removeFirst().floats.count * 4 }
        }
        return floats
    }
}
