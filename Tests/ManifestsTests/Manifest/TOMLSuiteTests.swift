import Foundation
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// Where the folder `tests` of a copy of github.com/toml-lang/toml-test is.
private let suitePath = ProcessInfo.processInfo.environment["TOML_TEST_SUITE"]

/// The public suite for TOML parsers, where `TOML_TEST_SUITE` names it.
@Suite struct TOMLSuiteTests {
    @Test(.enabled(if: suitePath != nil, "TOML_TEST_SUITE names no copy of toml-test"))
    func everyCaseOfVersion1_0HasItsResult() throws {
        let suite = try #require(suitePath)
        let list = try String(contentsOfFile: suite + "/files-toml-1.0.0", encoding: .utf8)
        var counts = (valid: 0, invalid: 0)
        for name in list.split(separator: "\n") where name.hasSuffix(".toml") {
            let bytes = try #require(FileManager.default.contents(atPath: "\(suite)/\(name)"))
            let found = try? TOMLDocument.read(Array(bytes), path: String(name)).0
            guard name.hasPrefix("valid/") else {
                counts.invalid += 1
                #expect(found == nil, "\(name) is read")
                continue
            }
            counts.valid += 1
            let answer = "\(suite)/\(name.dropLast(5)).json"
            let expected = try JSON.parse(Array(try #require(FileManager.default.contents(atPath: answer))))
            guard let found else {
                Issue.record("\(name) is refused")
                continue
            }
            #expect(TaggedTOML(found) == TaggedTOML(expected), "\(name)")
        }
        #expect(counts.valid > 200 && counts.invalid > 400, "\(counts)")
    }
}

/// A document as the suite writes its answers: every scalar with its type.
indirect enum TaggedTOML: Equatable {
    case table([[UInt8]: TaggedTOML])
    case list([TaggedTOML])
    case scalar(type: String, value: [UInt8])

    /// The suite's answer.
    init(_ json: JSON) {
        switch json {
        case .array(let elements): self = .list(elements.map { TaggedTOML($0) })
        case .object(let members):
            if members.count == 2, let type = json["type"]?.string, let value = json["value"]?.string {
                self = .scalar(type: type, value: Array(TaggedTOML.normal(value, type).utf8))
            } else {
                var table: [[UInt8]: TaggedTOML] = [:]
                for member in members { table[Array(member.key.utf8)] = TaggedTOML(member.value) }
                self = .table(table)
            }
        default: self = .scalar(type: "?", value: [])
        }
    }

    /// What was read.
    init(_ value: LocatedValue) {
        switch value.content {
        case .table(let members):
            var table: [[UInt8]: TaggedTOML] = [:]
            for member in members { table[Array(member.key.utf8)] = TaggedTOML(member.value) }
            self = .table(table)
        case .list(let elements): self = .list(elements.map { TaggedTOML($0) })
        case .string(let text): self = .scalar(type: "string", value: Array(text.utf8))
        case .integer(let number): self = .scalar(type: "integer", value: Array("\(number)".utf8))
        case .float(let number): self = .scalar(type: "float", value: Array(TaggedTOML.text(number).utf8))
        case .bool(let flag): self = .scalar(type: "bool", value: Array("\(flag)".utf8))
        case .date(let moment):
            self = .scalar(
                type: TaggedTOML.type(moment), value: Array(TaggedTOML.text(moment).utf8))
        }
    }

    private static func text(_ number: Double) -> String { number.isNaN ? "nan" : "\(number)" }

    private static func type(_ moment: TOMLDateTime) -> String {
        guard moment.date != nil else { return "time-local" }
        if moment.offset != nil { return "datetime" }
        return moment.time == nil ? "date-local" : "datetime-local"
    }

    /// As RFC 3339 has it, without zeros at the fraction's end.
    private static func text(_ moment: TOMLDateTime) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        var text = moment.date.map { "\($0)" } ?? ""
        if let time = moment.time {
            text += (text.isEmpty ? "" : "T") + "\(two(time.hour)):\(two(time.minute)):\(two(time.second))"
            var fraction = String("\(1_000_000_000 + time.nanosecond)".dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
            if !fraction.isEmpty { text += "." + fraction }
        }
        guard let offset = moment.offset else { return text }
        if offset == 0 { return text + "Z" }
        return text + (offset < 0 ? "-" : "+") + "\(two(abs(offset) / 60)):\(two(abs(offset) % 60))"
    }

    private static func normal(_ value: String, _ type: String) -> String {
        switch type {
        case "float": return text(Double(value) ?? .nan)
        case "datetime", "datetime-local", "time-local", "date-local":
            return BareWord(Array(value.utf8)[...]).dateTime.map { text($0) } ?? value
        default: return value
        }
    }
}
