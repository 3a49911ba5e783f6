package import Formats

/// A SentencePiece model, `tokenizer.model` (sentencepiece_model.proto of google/sentencepiece): what GGUF takes
/// of it.
package struct SentencePieceModel: Sendable {
    /// How a model finds the pieces of a text.
    package enum Kind: Int32, Sendable {
        /// By the likelihood of its pieces, the proto's UNIGRAM.
        case unigram = 1
        /// By merges, by words and by characters, the proto's 2 to 4.
        case bpe, word, char
    }

    /// One piece of the vocabulary; its place is its id.
    package struct Piece: Sendable, Equatable {
        /// The text, with U+2581 for a space.
        package var text: String
        /// The logarithm of how likely it is, or minus the number of its merge.
        package var score: Float
        /// What it is for.
        package var type: TokenType
    }

    /// All pieces, by id.
    package private(set) var pieces: [Piece] = []
    /// How it finds pieces.
    package private(set) var kind = Kind.unigram
    /// Whether a space is put before a text.
    package private(set) var addsDummyPrefix = true
    /// Whether several spaces count as one.
    package private(set) var removesExtraWhitespaces = true
    /// How characters are replaced before all else, in SentencePiece's own form; often empty.
    package private(set) var precompiledCharsmap: [UInt8] = []

    /// Reads a model.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - path: what errors call it.
    /// - Throws: where it is no such model, is cut short, or has no pieces.
    package init(_ bytes: [UInt8], path: String) throws(ConversionError) {
        var reader = ProtobufReader(bytes, path: path)
        while let field = try reader.next() {
            guard (1...3).contains(field.number) else { continue }
            guard case .bytes(let range) = field.value else {
                throw reader.error("field \(field.number) is not a message", at: field.offset)
            }
            var message = reader.message(range)
            switch field.number {
            case 1: pieces.append(try Self.piece(&message, at: field.offset))
            case 2: try readTrainer(&message)
            default: try readNormalizer(&message)
            }
        }
        guard !pieces.isEmpty else {
            throw reader.error("it has no pieces, so it is not a SentencePiece model", at: 0)
        }
    }

    private static func piece(_ reader: inout ProtobufReader, at offset: Int) throws(ConversionError) -> Piece
    {
        var piece = Piece(text: "", score: 0, type: .normal)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)):
                guard let text = String(validating: reader.content(range), as: UTF8.self) else {
                    throw reader.error("a piece is not valid UTF-8", at: field.offset)
                }
                piece.text = text
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .varint(let value)):
                guard let value = Int32(exactly: value), let type = TokenType(sentencePiece: value) else {
                    throw reader.error("a piece has the type \(value), which is not known", at: field.offset)
                }
                piece.type = type
            case (1...3, _):
                throw reader.error("field \(field.number) of a piece has the wrong type", at: field.offset)
            default: break
            }
        }
        guard !piece.text.isEmpty else { throw reader.error("a piece is empty", at: offset) }
        return piece
    }

    private mutating func readTrainer(_ reader: inout ProtobufReader) throws(ConversionError) {
        while let field = try reader.next() {
            guard field.number == 3 else { continue }
            guard case .varint(let value) = field.value, let raw = Int32(exactly: value),
                let kind = Kind(rawValue: raw)
            else { throw reader.error("the type of the model is not known", at: field.offset) }
            self.kind = kind
        }
    }

    private mutating func readNormalizer(_ reader: inout ProtobufReader) throws(ConversionError) {
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let range)): precompiledCharsmap = Array(reader.content(range))
            case (3, .varint(let value)): addsDummyPrefix = value != 0
            case (4, .varint(let value)): removesExtraWhitespaces = value != 0
            case (2...4, _):
                throw reader.error(
                    "field \(field.number) of the normalizer has the wrong type", at: field.offset)
            default: break
            }
        }
    }
}
