import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

private func code(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "none"
    } catch let error as Diagnostics {
        return error.all[0].code.rawValue
    } catch {
        return "\(error)"
    }
}

private let three: [[ModelSample.Tensor]] = [
    [.init("a", [4, 2])], [.init("b", [3], from: 100), .init("c", [2], from: 200)], [.init("d", [], from: 7)],
]

@Suite struct GGUFModelTests {
    @Test func readsElementsOfOneFile() async throws {
        try await withTemporaryDirectory { directory in
            let blocks = (0..<68).map { UInt8($0) }
            let tensors: [ModelSample.Tensor] = [.init("a", [3, 2]), .init("q", [32, 2], .q80, blocks)]
            try writeFile(directory + "/m.gguf", ModelSample.file(tensors))
            let model = try GGUFModel(path: directory + "/m.gguf")
            #expect(model.tensors == tensors.map(\.description))
            #expect(try ModelSample.bytes(model, 0) == tensors[0].bytes)
            var row = [UInt8](repeating: 0, count: 34)
            var span = row.mutableSpan
            try model.read(32..<64, of: 1, into: &span)
            #expect(row == Array(blocks.suffix(34)))
        }
    }

    @Test func mergesTheFilesOfASplit() async throws {
        try await withTemporaryDirectory { directory in
            let first = try ModelSample.writeSplit(three, directory + "/m")
            let model = try GGUFModel(path: first)
            #expect(model.tensors.map(\.name) == ["a", "b", "c", "d"])
            #expect(model.places.map(\.file) == [0, 1, 1, 2])
            #expect(model.metadata["general.architecture"]?.text == "llama")
            for (index, tensor) in three.joined().enumerated() {
                #expect(try ModelSample.bytes(model, index) == tensor.bytes)
            }
        }
    }

    @Test func findsTheFilesBesideALinkNotBesideItsTarget() async throws {
        try await withTemporaryDirectory { directory in
            _ = try ModelSample.writeSplit(three, directory + "/blobs/x")
            for number in 0..<3 {
                try makeLink(
                    ModelSample.path(directory + "/snapshot/m", number, of: 3),
                    to: "../blobs/x-0000\(number + 1)-of-00003.gguf")
            }
            let model = try GGUFModel(path: ModelSample.path(directory + "/snapshot/m", 0, of: 3))
            #expect(model.tensors.count == 4)
        }
    }

    @Test func namesTheFileThatIsMissing() async throws {
        try await withTemporaryDirectory { directory in
            let first = try ModelSample.writeSplit(three, directory + "/m")
            try Directory.removeFile(ModelSample.path(directory + "/m", 1, of: 3))
            let error = #expect(throws: Diagnostics.self) { try GGUFModel(path: first) }
            #expect(error?.all[0].message.contains("m-00002-of-00003.gguf") == true)
        }
    }

    @Test func asksForTheFirstFile() async throws {
        try await withTemporaryDirectory { directory in
            _ = try ModelSample.writeSplit(three, directory + "/m")
            let error = #expect(throws: Diagnostics.self) {
                try GGUFModel(path: ModelSample.path(directory + "/m", 1, of: 3))
            }
            #expect(error?.all[0].code.rawValue == "split-not-first")
            #expect(error?.all[0].fix == "name the first, \(directory)/m-00001-of-00003.gguf")
        }
    }

    @Test func refusesFilesThatDoNotBelongTogether() async throws {
        try await withTemporaryDirectory { directory in
            let count = try ModelSample.writeSplit(three, directory + "/count", tensorCount: 5)
            #expect(code { _ = try GGUFModel(path: count) } == "split-broken")
            let twice = try ModelSample.writeSplit(
                [[.init("a", [1])], [.init("a", [1])]], directory + "/twice")
            #expect(code { _ = try GGUFModel(path: twice) } == "split-broken")
            let swapped = try ModelSample.writeSplit(three, directory + "/swapped")
            let second = ModelSample.path(directory + "/swapped", 1, of: 3)
            try writeFile(second, contents(ModelSample.path(directory + "/swapped", 2, of: 3)))
            #expect(code { _ = try GGUFModel(path: swapped) } == "split-broken")
            try AtomicFile.rename(swapped, to: directory + "/other.gguf")
            #expect(code { _ = try GGUFModel(path: directory + "/other.gguf") } == "split-name")
        }
    }

    @Test func refusesWhatIsNoGGUF() async throws {
        try await withTemporaryDirectory { directory in
            #expect(code { _ = try GGUFModel(path: directory + "/none.gguf") } == "model-unreadable")
            try writeFile(directory + "/text.gguf", "version https://git-lfs.github.com/spec/v1\n")
            #expect(code { _ = try GGUFModel(path: directory + "/text.gguf") } == "gguf-malformed")
            try writeFile(directory + "/empty.gguf", "")
            #expect(code { _ = try GGUFModel(path: directory + "/empty.gguf") } == "gguf-malformed")
        }
    }

    @Test func readsHeadersLargerThanOneRead() async throws {
        try await withTemporaryDirectory { directory in
            let text = String(repeating: "x", count: 3_000_000)
            let file = try ModelSample.file([.init("a", [2])], items: [("text", .string(text))])
            try writeFile(directory + "/m.gguf", file)
            let model = try GGUFModel(path: directory + "/m.gguf")
            #expect(model.metadata["text"]?.text == text)
        }
    }

    @Test func noticesAFileThatChanges() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/m.gguf"
            let file = try ModelSample.file([.init("a", [64])])
            try writeFile(path, file)
            let model = try GGUFModel(path: path)
            try model.checkUnchanged()
            try resizeFile(path, file.count + 1)
            #expect(throws: ReadFailure.self) { try model.checkUnchanged() }
        }
    }
}
