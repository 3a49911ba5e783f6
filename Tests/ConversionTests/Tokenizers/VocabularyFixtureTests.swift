import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Small tokenizers of each kind in `fixtures/conversion/tokenizers`, with what is unusual in real ones, against
/// what the reference wrote for them.
@Suite struct VocabularyFixtureTests {
    static let folder =
        #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        + "/fixtures/conversion/tokenizers"

    static let names = directory(folder).filter { !$0.contains(".") }

    @Test func coversEveryKind() { #expect(Self.names.count >= 18) }

    @Test(arguments: names) func writesTheReferencesTokenizer(name: String) throws {
        let files = try modelFiles("\(Self.folder)/\(name)")
        let rules = try JSON.parse(contents("\(Self.folder)/\(name)/case.json"))
        let metadata = try tokenizerMetadata(files, pre: rules["pre"]?.string, kind: rules["kind"]?.string)
        let written = try Self.items(GGUFMetadata(metadata.writer()))
        let expected = try Self.items(Self.parse(contents("\(Self.folder)/\(name)/expected.gguf")))
        #expect(written.map(\.key) == expected.map(\.key))
        for (one, other) in zip(written, expected) where one.bytes != other.bytes {
            let (left, right) = (Self.strings(one), Self.strings(other))
            let place = zip(left, right).enumerated().first { $1.0 != $1.1 }
            Issue.record("\(one.key): \(place.map { "\($0)" } ?? "\(left.count) and \(right.count)")")
        }
    }

    private static func parse(_ bytes: [UInt8]) throws -> GGUFMetadata {
        let parsing = try GGUFHeader.parse(bytes.span, fileSize: bytes.count)
        guard case .complete(let header) = parsing else { throw Incomplete() }
        return GGUFMetadata(header: header, bytes: bytes)
    }

    private struct Incomplete: Error {}

    private static func items(_ file: GGUFMetadata) -> [(key: String, bytes: [UInt8])] {
        file.header.items.filter { $0.key.hasPrefix("tokenizer.") }
            .map { ($0.key, Array(file.bytes[$0.bytes])) }
    }

    /// What is readable in an item, for messages.
    private static func strings(_ item: (key: String, bytes: [UInt8])) -> [String] {
        item.bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
