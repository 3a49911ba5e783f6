import TestSupport
import Testing

@testable import Conversion
@testable import Formats

/// A message of protocol buffers for tests.
struct Message {
    var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }

    mutating func add(_ field: UInt64, _ content: [UInt8]) {
        bytes += Self.varint(field << 3 | 2) + Self.varint(UInt64(content.count)) + content
    }

    mutating func add(_ field: UInt64, _ value: UInt64) {
        bytes += Self.varint(field << 3) + Self.varint(value)
    }

    mutating func add(_ field: UInt64, float value: Float) {
        bytes += Self.varint(field << 3 | 5) + number(value.bitPattern, 4)
    }

    /// A piece of a SentencePiece model.
    static func piece(_ text: String, _ score: Float = 0, type: UInt64? = nil) -> [UInt8] {
        var piece = Message()
        piece.add(1, Array(text.utf8))
        piece.add(2, float: score)
        if let type { piece.add(3, type) }
        return piece.bytes
    }
}

@Suite struct SentencePieceModelTests {
    private func read(_ bytes: [UInt8]) throws(ConversionError) -> SentencePieceModel {
        try SentencePieceModel(bytes, path: "tokenizer.model")
    }

    private var sample: Message {
        var model = Message()
        model.add(1, Message.piece("<unk>", type: 2))
        model.add(1, Message.piece("\u{2581}a", -1.5))
        return model
    }

    @Test func readsPiecesAndSettings() throws {
        var model = sample
        model.add(1, Message.piece("<0x41>", 0, type: 6))
        model.add(1, Message.piece("user", 0, type: 4))
        var trainer = Message()
        trainer.add(3, 2)
        trainer.add(4, 8000)
        model.add(2, trainer.bytes)
        var normalizer = Message()
        normalizer.add(1, Array("nmt".utf8))
        normalizer.add(2, [1, 2, 3])
        normalizer.add(3, 0)
        normalizer.add(4, 0)
        model.add(3, normalizer.bytes)
        model.add(99, [0xFF])
        let read = try read(model.bytes)
        #expect(read.pieces.map(\.text) == ["<unk>", "\u{2581}a", "<0x41>", "user"])
        #expect(read.pieces.map(\.score) == [0, -1.5, 0, 0])
        #expect(read.pieces.map(\.type) == [.unknown, .normal, .byte, .normal])
        #expect(read.kind == .bpe)
        #expect(!read.addsDummyPrefix && !read.removesExtraWhitespaces)
        #expect(read.precompiledCharsmap == [1, 2, 3])
    }

    @Test func takesTheFormatsDefaults() throws {
        let read = try read(sample.bytes)
        #expect(read.kind == .unigram && read.addsDummyPrefix && read.removesExtraWhitespaces)
        #expect(read.precompiledCharsmap.isEmpty)
    }

    @Test func saysWhereAFileIsCutShort() {
        let whole = sample.bytes
        let first = 2 + Message.piece("<unk>", type: 2).count
        for count in 1..<whole.count where count != first {
            let error = #expect(throws: ConversionError.self) { try read(Array(whole.prefix(count))) }
            #expect(error?.code.rawValue == "protobuf-broken")
            #expect(error?.message.contains("tokenizer.model is broken") == true)
            #expect(error?.message.contains("(byte ") == true)
        }
    }

    private static let broken: [(what: String, bytes: [UInt8])] = [
        ("no pieces", []),
        ("a text file", Array("version https://git-lfs.github.com/spec/v1\n".utf8)),
        ("a length of 2^63", [0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
        ("a length of 2^40", [0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]),
        ("a number of 70 bits", [UInt8](repeating: 0xFF, count: 10) + [0x01]),
        ("a field of number 0", [0x02, 0x00]),
        ("a piece that is a number", [0x08, 0x01]),
        ("a group", [0x0B]),
        ("an empty piece", [0x0A, 0x00]),
        ("a text that is a number", [0x0A, 0x02, 0x08, 0x01]),
        ("a text that is not UTF-8", [0x0A, 0x03, 0x0A, 0x01, 0xFF]),
        ("a type that is not known", [0x0A, 0x05, 0x0A, 0x01, 0x61, 0x18, 0x09]),
        ("a type past 32 bits", [0x0A, 0x09, 0x0A, 0x01, 0x61, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        ("a score of 64 bits", [0x0A, 0x0C, 0x0A, 0x01, 0x61, 0x11, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("a trainer of no known kind", [0x12, 0x02, 0x18, 0x09]),
        ("a normalizer whose flag is a text", [0x1A, 0x03, 0x1A, 0x01, 0x61]),
    ]

    @Test(arguments: broken.indices) func refuses(index: Int) {
        let error = #expect(throws: ConversionError.self) { try read(Self.broken[index].bytes) }
        #expect(error?.code.rawValue == "protobuf-broken", "\(Self.broken[index].what)")
    }

    @Test func neverFailsOtherwiseOnAnyBytes() {
        var random = SeededGenerator(seed: 0x5EED_0001)
        let whole = sample.bytes
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    bytes[Int.random(in: bytes.indices, using: &random)] = .random(
                        in: 0...255, using: &random)
                case 1:
                    bytes.insert(
                        .random(in: 0...255, using: &random), at: .random(in: bytes.indices, using: &random))
                default: bytes.remove(at: .random(in: bytes.indices.dropLast(), using: &random))
                }
            }
            _ = try? read(bytes)
        }
    }
}
