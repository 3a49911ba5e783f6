import Glibc
import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors
@testable import Tokenizers

/// Whole tokenizers against what the reference made of them: the folder that `KNAPSACK_ORACLE` names has models in
/// `models/` and `tokenizers/` and what their files say in `expected/`. Without the folder the committed tokenizers
/// are tested elsewhere: `VocabularyFixtureTests`.
@Suite(.tags(.oracle), .needsOracle) struct VocabularyOracleTests {
    static let folder = Oracle.folder

    static let models: [String] = ["models", "tokenizers"].flatMap { parent in
        directory("\(folder ?? "")/\(parent)").map { "\(parent)/\($0)" }
    }

    @Test(arguments: models) func writesTheReferencesTokenizer(path: String) throws {
        let name = String(path.split(separator: "/")[1])
        let expected =
            ["vocab", "convert-f16"].map { contents("\(Self.folder ?? "")/expected/\(name)/\($0).json") }
            .first { !$0.isEmpty }
        let document = try JSON.parse(try #require(expected))
        let kv = try #require(document["kv"]?.array)
        let lines = kv.filter(Self.isOfTokenizer).map(\.compactText)
        let files = try modelFiles("\(Self.folder ?? "")/\(path)")
        let pre = kv.first { $0["key"]?.string == "tokenizer.ggml.pre" }?["value"]?.string
        // Those of small trained vocabularies were given by hand.
        let metadata = try tokenizerMetadata(files, pre: path.hasPrefix("models/") ? pre : nil)
        #expect(metadata.items.dropFirst().map(Self.line) == lines)
    }

    private static func isOfTokenizer(_ item: JSON) -> Bool {
        item["key"]?.string?.hasPrefix("tokenizer.") == true
    }

    /// An item as the expected files have it.
    private static func line(_ item: ModelMetadata.Item) -> String {
        var members = [JSON.Member("key", .string(item.key))]
        func list(_ type: String, _ bytes: [UInt8], _ values: [JSON]) {
            members.append(JSON.Member("type", .string("arr<\(type)>")))
            members.append(JSON.Member("n", .integer(values.count)))
            members.append(JSON.Member("sha256", .string((try? sha256(bytes)) ?? "no digest")))
            if values.count > 12 {
                members.append(JSON.Member("head", .array(Array(values.prefix(6)))))
                members.append(JSON.Member("tail", .array(Array(values.suffix(3)))))
            } else {
                members.append(JSON.Member("items", .array(values)))
            }
        }
        func value(_ type: String, _ value: JSON) {
            members += [JSON.Member("type", .string(type)), JSON.Member("value", value)]
        }
        switch item.value {
        case .strings(let texts): list("str", texts.flatMap(text), texts.map { .string($0) })
        case .float32s(let numbers):
            list("f32", numbers.flatMap { number($0.bitPattern, 4) }, numbers.map { .number(Double($0)) })
        case .int32s(let numbers):
            list("i32", numbers.flatMap { number($0, 4) }, numbers.map { .integer(Int($0)) })
        case .uint8s(let bytes): list("u8", bytes, bytes.map { .integer(Int($0)) })
        case .string(let text): value("str", .string(text))
        case .uint32(let number): value("u32", .integer(Int(number)))
        case .bool(let flag): value("bool", .bool(flag))
        default: value("other", .null)
        }
        return JSON.object(members).compactText
    }
}
