import Manifests
import Storage
import Synchronization
import Tensors

/// Digests of tensors: the SHA-256 of type, dimensions and the SHA-256 of each slab, so that several threads can
/// compute the digest of one tensor. They are Knapsack's own, and are found in nothing but the index of costs.
struct TensorDigests: Sendable {
    /// The model.
    let source: any TensorSource
    /// Places in the source's list.
    let tensors: [Int]

    /// Reads the tensors.
    /// - Returns: the digests, in the order of ``tensors``.
    @concurrent
    func run(threads: Int, progress: @escaping ProgressHandler) async throws -> [SHA256Digest] {
        progress(.began(stage: "hashing", files: tensors.count, bytes: byteCount, counted: "tensors"))
        defer { progress(.ended) }
        let parts = SlabDigests()
        let (source, tensors) = (source, tensors)
        try await SlabScheduler(shapes).run(
            threads: threads, progress: progress, room: { [UInt8]() },
            carry: { slab, room in
                let (digest, count) = try hash(slab, &room)
                parts.add(digest, tensor: slab.tensor, start: slab.elements.lowerBound)
                return count
            },
            finish: { source.tensors[tensors[$0]].name })
        return try tensors.indices.map { number in
            let tensor = source.tensors[tensors[number]]
            var hasher = try ContentHasher()
            try hasher.update(Array("\(tensor.type.name) \(tensor.dimensions)\n".utf8).span)
            for digest in parts.sorted(number) { try hasher.update(Array(digest.hex.utf8).span) }
            return try hasher.finish().sha256
        }
    }

    private var byteCount: Int {
        tensors.reduce(0) { $0 + source.tensors[$1].byteCount(source.tensors[$1].elementCount) }
    }

    private var shapes: [SlabQueue.Tensor] {
        tensors.map { index in
            let tensor = source.tensors[index]
            let (count, row) = (tensor.elementCount, max(1, tensor.rowLength))
            let isWhole = row <= CostMeasurement.slabLength
            return SlabQueue.Tensor(
                count: count, unit: isWhole ? row : tensor.type.blockLength, period: max(1, count),
                length: CostMeasurement.slabLength)
        }
    }

    private func hash(_ slab: Slab, _ room: inout [UInt8]) throws -> (SHA256Digest, Int) {
        let index = tensors[slab.tensor]
        let size = source.tensors[index].byteCount(slab.elements.count)
        if room.count < size { room = [UInt8](repeating: 0, count: size) }
        var span = room.mutableSpan
        var bytes = span._mutatingExtracting(0..<size)
        try source.read(slab.elements, of: index, into: &bytes)
        return (try ContentHasher.sha256(bytes.span), size)
    }
}

/// The digests of slabs, by tensors and places.
private final class SlabDigests: Sendable {
    private let digests = Mutex<[Int: [(start: Int, digest: SHA256Digest)]]>([:])

    func add(_ digest: SHA256Digest, tensor: Int, start: Int) {
        digests.withLock { $0[tensor, default: []].append((start, digest)) }
    }

    func sorted(_ tensor: Int) -> [SHA256Digest] {
        digests.withLock { $0[tensor] ?? [] }.sorted { $0.start < $1.start }.map(\.digest)
    }
}
