import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// What the formats' own readers say of the committed files; see `fixtures/tensors/make.py`.
struct TensorFileTests {
    @Test(arguments: ["checkpoint.pt", "arrays.npz", "tiny.gguf", "tiny.safetensors"])
    func findsWhatTheFormatsReadersFind(name: String) throws {
        let expected = try JSON.parse(fixture("expected.json"))[name]
        let extents = try (expected?["extents"]?.array ?? []).map { item in
            let fields = item.array ?? []
            let start = try #require(fields[1].integer)
            return TensorExtent(
                name: try #require(fields[0].string),
                bytes: start..<start + (try #require(fields[2].integer)),
                dtype: fields[3].string, shape: fields[4].array?.compactMap(\.integer))
        }
        let format = TensorFile.Format(rawValue: expected?["format"]?.string ?? "")
        let content = fixture(name)
        #expect(!extents.isEmpty)
        // The name of a cache's blob states nothing.
        for name in [name, "blobs/0123"] {
            guard case .tensors(let file) = tensors(name, content) else {
                Issue.record("\(name) has no tensors")
                continue
            }
            #expect(file.format == format)
            #expect(file.extents == extents)
        }
    }

    @Test func leavesOutWhatIsSmall() {
        guard case .tensors(let file) = tensors("", fixture("checkpoint.pt"), smallest: 48) else {
            Issue.record("no tensors")
            return
        }
        #expect(file.extents.map(\.bytes.count) == [465, 48, 56])
    }

    @Test func readsNoLocalHeaderOfWhatIsSmall() {
        let bytes = fixture("checkpoint.pt")
        var reads = 0
        _ = TensorFile.read(name: "", fileSize: bytes.count, smallest: 1000) { range in
            reads += 1
            return Array(bytes[range])
        }
        #expect(reads == 3)
    }

    @Test func ordersTensorsByTheirBytes() {
        var file = GGUFBuilder()
        file.tensor("second", [1], offset: 64)
        file.tensor("first", [1], offset: 0)
        guard case .tensors(let found) = tensors("", file.bytes) else {
            Issue.record("no tensors")
            return
        }
        #expect(found.extents.map(\.name) == ["first", "second"])
    }

    @Test func takesOtherFilesAsOpaque() {
        let texts = ["", "{", "{\"a\": 1}", "GGU", "PK", "\u{93}NUMPY", "12345678{\"a\":1}"]
        for text in texts { #expect(tensors("model.bin", Array(text.utf8)) == .opaque) }
        #expect(tensors("model.bin", zeros(100)) == .opaque)
        #expect(tensors("empty.zip", ZipBuilder().archive.bytes) == .opaque)
    }

    @Test func saysWhatIsWrongWithWhatTheNamePromises() {
        for (name, format) in [("a.safetensors", TensorFile.Format.safetensors), ("a.gguf", .gguf)] {
            guard case .malformed(format, let error) = tensors(name, zeros(100)) else {
                Issue.record("\(name) is not malformed")
                continue
            }
            #expect(error.offset < 100)
        }
        guard case .malformed(.zip, _) = tensors("a.bin", Array(fixture("arrays.npz").dropLast())) else {
            Issue.record("a zip archive that is cut short is not malformed")
            return
        }
    }

    @Test func refusesAnArrayThatIsCutShort() {
        var builder = ZipBuilder.file("a.npy")
        builder.members[0].content = npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", data: 11)
        let archive = builder.archive
        guard case .malformed(.zip, let error) = tensors("", archive.bytes) else {
            Issue.record("not malformed")
            return
        }
        #expect(error.offset == archive.contents[0] + builder.members[0].content.count - 11)
        #expect(error.message.contains("a.npy"))
    }

    @Test func passesOnWhyReadingFailed() {
        struct Unreadable: Error {}
        let bytes = fixture("tiny.gguf")
        var reads = 0
        #expect(throws: Unreadable.self) {
            try TensorFile.read(name: "", fileSize: bytes.count) { range throws(Unreadable) in
                reads += 1
                if reads == 2 { throw Unreadable() }
                return Array(bytes[range])
            }
        }
    }

    @Test func refusesAFileThatShrinksWhileItIsRead() {
        for name in ["checkpoint.pt", "arrays.npz", "tiny.gguf", "tiny.safetensors"] {
            let bytes = fixture(name)
            for size in stride(from: 0, to: bytes.count, by: 7) {
                let reading = TensorFile.read(name: name, fileSize: bytes.count) { range in
                    Array(bytes[range.clamped(to: 0..<size)])
                }
                if case .tensors(let file) = reading {
                    // Everything that was asked for was still there.
                    #expect(tensors(name, bytes) == .tensors(file))
                }
            }
        }
    }

    @Test func readsALongHeaderInGrowingSteps() {
        var file = GGUFBuilder()
        let tokens = (0..<30_000).flatMap { GGUFBuilder.text("token \($0)") }
        file.item("tokens", .array, GGUFBuilder.array(.string, 30_000, tokens))
        file.tensor("a", [7])
        let bytes = file.bytes
        var ranges: [Range<Int>] = []
        let reading = TensorFile.read(name: "", fileSize: bytes.count) { range in
            ranges.append(range)
            return Array(bytes[range])
        }
        guard case .tensors(let found) = reading else {
            Issue.record("no tensors")
            return
        }
        #expect(found.extents.map(\.bytes) == [bytes.count - 32..<bytes.count - 4])
        // The first bytes for the format, and then no byte twice and each step as long as all before.
        for (before, next) in zip(ranges.dropFirst(), ranges.dropFirst(2)) {
            #expect(next.lowerBound == before.upperBound)
            #expect(next.upperBound == min(bytes.count, next.lowerBound * 2))
        }
        #expect(ranges.count == 6)
    }
}
