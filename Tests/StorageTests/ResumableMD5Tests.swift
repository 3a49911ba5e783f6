import TestSupport
import Testing

@testable import Storage

/// An MD5 that a later process goes on with.
@Suite struct ResumableMD5Tests {
    private static let content = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 3) }

    private static func right(_ bytes: [UInt8]) throws -> [UInt8] {
        var hasher = try ContentHasher(md5: true)
        try hasher.update(bytes.span)
        return try #require(try hasher.finish().md5)
    }

    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 127, 128, 129, 500, 999, 1000])
    func whereverItStopsItGoesOn(place: Int) throws {
        var first = ResumableMD5()
        first.update(Self.content.span.extracting(0..<place))
        #expect(try first.digest == Self.right(Array(Self.content[..<place])))
        // Asking for a digest changes nothing.
        var second = try #require(ResumableMD5(state: first.state))
        #expect(second.count == place && second.state == first.state)
        second.update(Self.content.span.extracting(place..<1000))
        first.update(Self.content.span.extracting(place..<1000))
        #expect(try second.digest == Self.right(Self.content) && first.digest == second.digest)
    }

    @Test(arguments: [
        "", "1 2 3 4 5", "1 2 3 4 0 aa", "1 2 3 4 1 ", "1 2 3 4 -1 ", "1 2 3 4 41 aabb", "x 2 3 4 0 ",
        "123456789 2 3 4 0 ", "1 2 3 4 7fffffffffffffff \(String(repeating: "00", count: 63))", "1 2 3 4 0  ",
    ])
    func whatIsNoStateIsNotRead(text: String) {
        #expect(ResumableMD5(state: text) == nil)
    }
}
