import Formats
import Storage
import TestSupport
import Testing

@testable import Xet

@Suite("Hashes of Xet")
struct HashTests {
    @Test("BLAKE3 with a key gives what the reference implementation gives")
    func blake3() throws {
        let key = Array("whats the Elvish word for friend".utf8)
        let vectors = try #require(XetFixtures.json("blake3.json").array)
        #expect(vectors.count > 20)
        for vector in vectors {
            let length = try #require(vector["length"]?.integer)
            let bytes = (0..<length).map { UInt8($0 % 251) }
            let hash = BLAKE3.hash(bytes.span, BLAKE3.Key(InlineArray { key[$0] }))
            #expect(Hex.text(hash.bytes) == vector["hash"]?.string, "\(length) bytes")
        }
    }

    @Test(
        "files have the names that hf_xet gives them, however their bytes arrive",
        arguments: [1 << 20, 100_003, 8_191])
    func files(step: Int) throws {
        let cases = try #require(XetFixtures.json("hashes.json").array)
        #expect(cases.count > 10)
        for entry in cases {
            let seed = try #require(entry["seed"]?.integer)
            let size = try #require(entry["size"]?.integer)
            let times = try #require(entry["times"]?.integer)
            var random = SeededGenerator(seed: UInt64(seed))
            var bytes: [UInt8] = []
            while bytes.count < size { bytes += number(random.next(), 8) }
            bytes = Array(Array(repeating: bytes.prefix(size), count: times).joined())
            var hasher = XetFileHasher()
            for start in stride(from: 0, to: bytes.count, by: step) {
                hasher.update(bytes.span.extracting(start..<min(start + step, bytes.count)))
            }
            #expect(hasher.finish().text == entry["hash"]?.string, "\(size) bytes, \(times) times")
        }
    }

    @Test("a hash as text is four numbers, the lowest byte of each last")
    func text() throws {
        let hash = try #require(XetHash((0..<32).map { UInt8($0) }))
        #expect(hash.text == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918")
        #expect(XetHash(text: hash.text) == hash)
        #expect(XetHash(text: hash.text.uppercased()) == nil)
        #expect(XetHash(text: hash.text + "0") == nil)
        #expect(XetHash((0..<31).map { UInt8($0) }) == nil)
    }

    @Test("the hash of one chunk that is changed anywhere is another one")
    func flipped() {
        var bytes = [UInt8](repeating: 7, count: 3_000)
        let hash = XetFileHasher.hash(bytes.span)
        for place in [0, 1_023, 1_024, 2_047, 2_999] {
            bytes[place] ^= 1
            #expect(XetFileHasher.hash(bytes.span) != hash)
            bytes[place] ^= 1
        }
        #expect(XetFileHasher.hash(bytes.span) == hash)
    }

    @Test(
        "a tree over many chunks keeps its name whether groups end early or not, and is no tree over the same chunks in another order"
    )
    func trees() {
        var random = SeededGenerator(seed: 3)
        let chunks = (0..<1_000).map { _ in
            XetHash(words: SIMD4(random.next(), random.next(), random.next(), random.next()))
        }
        func root(_ chunks: [XetHash]) -> XetHash {
            var tree = ChunkTree()
            for chunk in chunks { tree.add(chunk, size: 65_536) }
            return tree.root()
        }
        #expect(root([]) == .zero)
        #expect(root([chunks[0]]) == chunks[0])
        let whole = root(chunks)
        #expect(whole == levels(chunks.map { ($0, 65_536) }))
        #expect(root(chunks.reversed()) != whole)
        #expect(root(chunks.dropLast()) != whole)
    }

    /// The same tree as the specification describes it: level by level, with all nodes of a level at hand.
    private func levels(_ chunks: [(hash: XetHash, size: Int)]) -> XetHash {
        var nodes = chunks
        while nodes.count > 1 {
            var above: [(hash: XetHash, size: Int)] = []
            var start = 0
            while start < nodes.count {
                var end = min(start + 9, nodes.count)
                for index in start..<end where index >= start + 2 && nodes[index].hash.words[3] % 4 == 0 {
                    end = index + 1
                    break
                }
                let group = nodes[start..<end]
                let text = group.map { "\($0.hash) : \($0.size)\n" }.joined()
                above.append((BLAKE3.hash(Array(text.utf8).span, .node), group.reduce(0) { $0 + $1.size }))
                start = end
            }
            nodes = above
        }
        return nodes.first?.hash ?? .zero
    }
}
