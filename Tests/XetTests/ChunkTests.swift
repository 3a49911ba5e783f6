import Formats
import Storage
import TestSupport
import Testing

@testable import Xet

@Suite("Chunks of xorbs")
struct ChunkTests {
    @Test(
        "every chunk that hf_xet stored has the hash that the xorb's footer states, and the chunks have the xorb's"
    )
    func stored() throws {
        var schemes: Set<UInt8> = []
        #expect(XetFixtures.xorbs.count >= 5)
        for (name, xorb) in XetFixtures.xorbs {
            var stream = ChunkStream(chunks: xorb.chunks.count)
            var tree = ChunkTree()
            stream.append(xorb.bytes.span)
            schemes.insert(xorb.bytes[4])
            for hash in xorb.chunks {
                let content = try #require(try stream.next()).content()
                #expect(XetHash.chunk(content.span) == hash)
                tree.add(hash, size: content.count)
            }
            #expect(tree.root() == name)
            // The footer follows, which no part has.
            #expect(throws: FormatError.self) { try stream.next() }
        }
        #expect(schemes == [0, 1, 2])
    }

    /// A chunk of 4 bytes, stored as it is.
    private static let chunk: [UInt8] = [0, 4, 0, 0, 0, 4, 0, 0, 1, 2, 3, 4]

    @Test(
        "a header that states what cannot be is refused",
        arguments: [
            Refusal("a version", [1], at: 0), Refusal("a scheme", [0, 4, 0, 0, 3], at: 4),
            Refusal("the scheme of a footer", Array("XETBLOB".utf8), at: 0),
            Refusal("no content", [0, 4, 0, 0, 0, 0, 0, 0], at: 5),
            Refusal("too much content", [0, 1, 0, 2, 1, 1, 0, 2], at: 5),
            Refusal("nothing stored", [0, 0, 0, 0, 1, 4, 0, 0], at: 1),
            Refusal("too much stored", [0, 1, 0, 4, 1, 4, 0, 0], at: 1),
            Refusal("two sizes", [0, 3, 0, 0, 0, 4, 0, 0], at: 1),
        ])
    func refused(_ refusal: Refusal) throws {
        var stream = ChunkStream(chunks: 2)
        stream.append(Self.chunk.span)
        _ = try stream.next()
        let bytes = refusal.bytes + Self.chunk.dropFirst(refusal.bytes.count)
        stream.append(bytes.span)
        let error = try #require(throws: FormatError.self) { try stream.next() }
        #expect(error.offset == Self.chunk.count + refusal.offset)
    }

    @Test("a part that ends too early or goes on is refused")
    func ends() throws {
        var short = ChunkStream(chunks: 2)
        short.append((Self.chunk + Self.chunk.dropLast()).span)
        #expect(try short.next()?.content() == [1, 2, 3, 4])
        #expect(try short.next()?.size == nil)
        #expect(throws: FormatError.self) { try short.finish() }
        var long = ChunkStream(chunks: 1)
        long.append((Self.chunk + [0]).span)
        #expect(try long.next()?.content() == [1, 2, 3, 4])
        #expect(throws: FormatError.self) { try long.next() }
        #expect(throws: FormatError.self) { try long.finish() }
    }

    @Test("bytes that were grouped come back to their places, whatever is left over", arguments: 0...9)
    func groups(size: Int) {
        let bytes = (0..<size).map { UInt8($0) }
        let grouped = (0..<4).flatMap { group in bytes.filter { Int($0) % 4 == group } }
        #expect(ByteGrouping.ungrouped(grouped) == bytes)
    }
}
