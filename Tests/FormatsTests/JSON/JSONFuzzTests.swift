import TestSupport
import Testing

@testable import Formats

/// Random values survive writing and reading; random damage gives an error or a value, never a trap.
@Suite(.tags(.fuzz), .series) struct JSONFuzzTests {
    private static func value(_ depth: Int, _ random: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int(truncatingIfNeeded: random.next()))
        case 3:
            let value = Double(bitPattern: random.next())
            return .number(value.isFinite ? value : 0.5)
        case 4, 5: return .string(text(&random))
        case 6:
            return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth - 1, &random) })
        default:
            return .object(
                (0..<Int.random(in: 0..<4, using: &random)).map { _ in
                    JSON.Member(text(&random), value(depth - 1, &random))
                })
        }
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            let limit: UInt32 = [0x80, 0x800, 0x10000, 0x110000].randomElement(using: &random) ?? 0x80
            scalars.append(Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) ?? "\u{FFFD}")
        }
        return String(scalars)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func readsWhatItWrote(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let value = Self.value(5, &random)
            #expect(try JSON.parse(Array(value.compactText.utf8)) == value)
            #expect(try JSON.parse(Array(value.prettyText.utf8)) == value)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func neverTraps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = Array(Self.value(5, &random).compactText.utf8)
            damage(&bytes, with: &random)
            do throws(FormatError) {
                let value = try JSON.parse(bytes, nonFinite: true)
                let again = try JSON.parse(Array(value.compactText.utf8))
                #expect(again.compactText == value.compactText)
            } catch {
                #expect((0...bytes.count).contains(error.offset))
            }
        }
    }
}
