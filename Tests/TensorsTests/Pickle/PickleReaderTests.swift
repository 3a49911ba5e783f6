import TestSupport
import Testing

@testable import Formats
@testable import Tensors

struct PickleReaderTests {
    private func problem(_ bytes: [UInt8]) -> FormatError? {
        do {
            _ = try PickleReader.read(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    private func problem(_ text: String) -> FormatError? { problem(Array(text.utf8)) }

    private func root(_ bytes: [UInt8]) throws -> PickleTree.Value {
        let tree = try PickleReader.read(bytes.span)
        return tree[tree.root]
    }

    private func names(_ bytes: [UInt8]) throws(FormatError) -> TorchNames {
        try TorchNames(PickleReader.read(bytes.span))
    }

    @Test func readsNumbers() throws {
        func number(_ bytes: [UInt8]) throws -> Int? {
            if case .integer(let number) = try root(bytes + [0x2E]) { number } else { nil }
        }
        #expect(try number([0x4A, 0xFE, 0xFF, 0xFF, 0xFF]) == -2)
        #expect(try number([0x8A, 0]) == 0)
        #expect(try number([0x8A, 2, 0, 0x80]) == -32768)
        #expect(try number([0x8A, 8, 255, 255, 255, 255, 255, 255, 255, 127]) == .max)
        #expect(try number([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]) == nil)
        #expect(try number(Array("I-12\n".utf8)) == -12)
        #expect(try number(Array("L77L\n".utf8)) == 77)
    }

    @Test func neverCalls() throws {
        let tree = try PickleReader.read(Array("cos\nsystem\n(S'echo'\ntR.".utf8).span)
        #expect(tree.globals.map(\.path) == ["os.system"])
        guard case .call = tree[tree.root] else {
            Issue.record("a call is to stay one")
            return
        }
    }

    @Test func saysWhereInstructionsBreak() {
        #expect(problem("") == FormatError("the pickle ends inside an instruction", at: 0))
        #expect(problem("NX\u{FF}")?.offset == 1)
        #expect(problem("N\u{1}.")?.message.contains("0x1") == true)
        #expect(problem("R.")?.message.contains("not there") == true)
        #expect(problem("(.")?.message.contains("not there") == true)
        #expect(problem("NN.")?.message.contains("nothing took") == true)
        #expect(problem("h\u{5}.")?.message.contains("value 5") == true)
        #expect(problem("}(Nu.")?.message.contains("without a value") == true)
        #expect(problem("NNs.")?.message.contains("not there") == true)
        #expect(problem("NNNs.")?.message.contains("not a dictionary") == true)
        #expect(problem([0x58, 1, 0, 0, 0, 0xFF, 0x2E])?.message == "a text is not UTF-8")
        #expect(problem([0x8D] + [UInt8](repeating: 255, count: 8))?.message.contains("63 bits") == true)
        #expect(problem([UInt8](repeating: 0x28, count: 20_000))?.message.contains("nested deeper") == true)
    }

    @Test func boundsListsThatHoldThemselves() throws {
        // A list in itself, and one that doubles with each of sixty levels.
        let cyclic = Array("]q\u{0}h\u{0}a.".utf8)
        #expect(throws: FormatError.self) { try names(cyclic) }
        var doubling: [UInt8] = [UInt8(ascii: "]")]
        for _ in 0..<31 { doubling += [UInt8(ascii: "2"), 0x86] }
        doubling.append(UInt8(ascii: "."))
        #expect(throws: FormatError.self) { try names(doubling) }
    }

    /// Random damage: an error or a result, never a trap, and tensors stay in the file.
    @Test(arguments: 0..<12 as Range<UInt64>)
    func neverTraps(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let file = fixture(["plain-1.bin", "plain-4.bin", "training.pt"][Int(seed % 3)], in: "torch")
        let members = try zipContents(file)
        guard let content = members.first(where: { $0.key.utf8.suffix(8).elementsEqual("data.pkl".utf8) })
        else {
            Issue.record("the archive has a pickle")
            return
        }
        for _ in 0..<150 {
            var pickle = Array(file[content.value])
            damage(&pickle, with: &random)
            guard let tree = try? PickleReader.read(pickle.span) else { continue }
            _ = try? TorchNames(tree)
            let builder = ZipBuilder(
                members: [.init("a/data.pkl", pickle)]
                    + (0..<9).map { .init("a/data/\($0)", zeros(8 * ($0 + 1))) })
            let bytes = builder.archive.bytes
            guard let checkpoint = try? torchCheckpoint(bytes) else { continue }
            #expect(checkpoint.tensors.allSatisfy { $0.bytes.upperBound <= bytes.count })
        }
    }
}
