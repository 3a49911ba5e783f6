import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

private func sha256(_ bytes: [UInt8]) throws -> SHA256Digest { try ContentHasher.sha256(bytes.span) }

/// Bundles in memory: files made of tensors, placed, and put together again.
private struct MemoryBundle {
    var files: [(entry: String, path: String, bytes: [UInt8], tensors: [Range<Int>])] = []

    mutating func add(_ entry: String, _ path: String, header: Int, _ tensors: [[UInt8]]) {
        var bytes = [UInt8]("\(entry)/\(path) ".utf8)
        bytes += [UInt8](repeating: 0x20, count: header)
        var ranges: [Range<Int>] = []
        for tensor in tensors {
            ranges.append(bytes.count..<bytes.count + tensor.count)
            bytes += tensor
        }
        files.append((entry, path, bytes, ranges))
    }

    func bytes(of entry: String, _ path: String) -> [UInt8] {
        files.first { $0.entry == entry && $0.path == path }?.bytes ?? []
    }

    /// The entries in their order.
    var names: [String] {
        files.reduce(into: []) { names, file in
            if !names.contains(file.entry) { names.append(file.entry) }
        }
    }

    func lock() throws -> Lock {
        let entries = try names.map { name -> LockedEntry in
            let own = files.filter { $0.entry == name }.sorted {
                $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
            }
            return LockedEntry(
                name: name, kind: .model,
                asked: Asked(source: "path:\(name)", include: nil, exclude: [], license: nil), origin: .path,
                license: nil, facts: [],
                files: try own.map {
                    LockedFile(
                        path: RelativePath(checked: $0.path), size: $0.bytes.count,
                        sha256: try sha256($0.bytes), proof: .none, placement: .natural,
                        shards: nil)
                },
                tensors: try own.flatMap { file in
                    try file.tensors.map {
                        LockedTensor(
                            file: RelativePath(checked: file.path), name: "t\($0.lowerBound)", dtype: "U8",
                            shape: [$0.count],
                            bytes: $0, sha256: try sha256(Array(file.bytes[$0])))
                    }
                })
        }
        let placed = try Lock.placing(Samples.bundle, entries) { need in
            let bytes = self.bytes(of: need.entry.name, need.file.path.text)
            return try sha256(need.ranges.flatMap { Array(bytes[$0]) })
        }
        return try #require(placed)
    }

    /// What the bundle stores, by path.
    func stored(_ plan: Plan) throws -> [RelativePath: [UInt8]] {
        var result: [RelativePath: [UInt8]] = [:]
        for file in plan.stored {
            let bytes = self.bytes(of: file.entry, file.file.text)
            let content = file.ranges.map { ranges in ranges.flatMap { Array(bytes[$0]) } } ?? bytes
            #expect(content.count == file.size)
            let digest = try sha256(content)
            #expect(digest == file.sha256)
            result[file.path] = content
        }
        return result
    }
}

@Suite struct TensorPlacingTests {
    private func noise(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Places, puts every file together, and returns the stored contents.
    @discardableResult
    private func rebuild(_ bundle: MemoryBundle) throws -> (lock: Lock, stored: [RelativePath: [UInt8]]) {
        let lock = try bundle.lock()
        let stored = try bundle.stored(try Plan(lock))
        for entry in lock.entries {
            for file in entry.files {
                let bytes: [UInt8]
                switch file.placement {
                case .natural: bytes = stored[entry.naturalPath(of: file)] ?? []
                case .at(let path): bytes = stored[path] ?? []
                case .base: bytes = []
                case .segments(let segments):
                    bytes = segments.flatMap {
                        Array((stored[$0.at] ?? [])[$0.offset..<$0.offset + $0.length])
                    }
                }
                #expect(bytes == bundle.bytes(of: entry.name, file.path.text), "\(entry.name)/\(file.path)")
            }
        }
        #expect(try Lock.parse(Array(lock.text.utf8), path: "x.lock") == lock)
        let ordered = bundle.names.compactMap { lock.entry(named: $0) }
        #expect(Lock.placing(lock.bundle, ordered, own: lock.digest(of:)) == lock)
        return (lock, stored)
    }

    @Test func fineTuneStoresOnlyItsOwnTensors() throws {
        let (frozen, head, tuned) = (noise(50_000, 1), noise(20_000, 2), noise(20_000, 3))
        var bundle = MemoryBundle()
        bundle.add("base", "model.bin", header: 90, [frozen, head])
        bundle.add("tuned", "model.bin", header: 80, [frozen, tuned])
        let (lock, stored) = try rebuild(bundle)
        #expect(lock.entry(named: "base")?.files.first?.placement == .natural)
        #expect(stored.values.reduce(0) { $0 + $1.count } < 50_000 + 40_000 + 400)
    }

    @Test func otherShardsAndOtherOrderShareEverything() throws {
        let tensors = (0..<12).map { noise(8_000 + $0, UInt64($0)) }
        var bundle = MemoryBundle()
        bundle.add("whole", "model.bin", header: 10, tensors)
        bundle.add("shards", "a.bin", header: 20, Array(tensors[0..<5].reversed()))
        bundle.add("shards", "b.bin", header: 30, Array(tensors[5...]))
        let (lock, stored) = try rebuild(bundle)
        #expect(stored.values.reduce(0) { $0 + $1.count } < 12 * 8_020 + 200)
        // Seven tensors in their old order are one range.
        guard case .segments(let segments)? = lock.entry(named: "shards")?.files[1].placement else {
            Issue.record("not in segments")
            return
        }
        #expect(segments.count == 2)
    }

    @Test func tiedTensorInsideOneFileIsStoredOnce() throws {
        let tied = noise(30_000, 7)
        var bundle = MemoryBundle()
        bundle.add("m", "model.bin", header: 10, [tied, noise(9_000, 8), tied])
        let (_, stored) = try rebuild(bundle)
        #expect(stored.values.reduce(0) { $0 + $1.count } < 30_000 + 9_000 + 100)
    }

    @Test func tensorsOfAFileInSegmentsAreSharedOn() throws {
        let (first, second, third) = (noise(20_000, 1), noise(20_000, 2), noise(20_000, 3))
        var bundle = MemoryBundle()
        bundle.add("a", "m", header: 10, [first])
        bundle.add("b", "m", header: 11, [first, second])
        bundle.add("c", "m", header: 12, [second, third])
        let (_, stored) = try rebuild(bundle)
        #expect(stored.values.reduce(0) { $0 + $1.count } < 60_300)
    }

    @Test func aSmallCommonTensorDoesNotTakeAFileApart() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000)
        var bundle = MemoryBundle()
        bundle.add("a", "m", header: 10, [noise(900_000, 1), zeros])
        bundle.add("b", "m", header: 10, [noise(900_000, 2), zeros])
        let (lock, _) = try rebuild(bundle)
        #expect(lock.entries.flatMap(\.files).allSatisfy { $0.placement == .natural })
    }

    @Test(.tags(.fuzz), .series) func randomBundlesAreRebuiltAndStoreNoLongRangeTwice() throws {
        let seed: UInt64 = 0x7465_6E73
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<60 {
            let pool = (0..<8).map { index in
                noise(
                    [64, 700, 4_095, 4_096, 4_097, 9_000, 20_000, 33_000][index], UInt64(round * 8 + index))
            }
            var bundle = MemoryBundle()
            for file in 0..<Int.random(in: 1...6, using: &generator) {
                let tensors = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    pool.randomElement(using: &generator) ?? []
                }
                bundle.add(
                    "e\(Int.random(in: 0...3, using: &generator))", "f\(file)",
                    header: Int.random(in: 0...40, using: &generator), tensors)
            }
            let (lock, stored) = try rebuild(bundle)
            let again = try bundle.lock()
            #expect(again == lock)
            // Every tensor above both thresholds is in the stored bytes once.
            for tensor in pool where tensor.count >= 4_096 {
                let places = stored.values.reduce(0) { $0 + occurrences(of: tensor, in: $1) }
                #expect(places <= 1, "round \(round): \(tensor.count) bytes are stored \(places) times")
            }
        }
    }

    private func occurrences(of needle: [UInt8], in bytes: [UInt8]) -> Int {
        guard bytes.count >= needle.count, let first = needle.first else { return 0 }
        var count = 0
        for start in 0...(bytes.count - needle.count)
        where bytes[start] == first && bytes[start..<start + needle.count].elementsEqual(needle) {
            count += 1
        }
        return count
    }
}
