import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

private let tensors: [ModelSample.Tensor] = [
    .init("a.weight", [40, 5]), .init("b", [3], from: 100), .init("empty", [0]),
    .init(
        "q.weight", [256, 300, 7], .q80,
        // Any bytes, but for the upper ones of the scales, which make them numbers.
        (0..<256 * 300 * 7 / 32 * 34).map { $0 % 34 == 1 ? 0x3C : UInt8(truncatingIfNeeded: $0 % 251) }),
    .init("one", [], from: 7), .init("column", [2, 1, 1]),
]

/// A plan that copies every tensor.
private func copy(
    _ model: GGUFModel, to path: String, _ division: ModelOutput.Division = .none
) throws -> ModelOutput {
    try ModelOutput(
        path: path,
        tensors: model.tensors.enumerated().map { .init(source: $0.offset, description: $0.element) },
        division: division
    ) { number, count in
        var header = GGUFHeaderWriter()
        if number == 0 { header.add("general.architecture", .string("llama")) }
        if count > 1 {
            header.add("split.no", .uint16(UInt16(number)))
            header.add("split.count", .uint16(UInt16(count)))
            header.add("split.tensors.count", .int32(Int32(model.tensors.count)))
        }
        return header
    }
}

private func withModel(_ body: (String, GGUFModel) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
        try writeFile(directory + "/in.gguf", ModelSample.file(tensors))
        try await body(directory, GGUFModel.open(path: directory + "/in.gguf"))
    }
}

@Suite struct ModelWriterTests {
    @Test(arguments: [1, 2, 7]) func copiesByteForByte(threads: Int) async throws {
        try await withModel { directory, model in
            let output = try copy(model, to: directory + "/out.gguf")
            try await ModelWriter(output, from: model, threads: threads).write { _ in }
            let written = try GGUFModel.open(path: directory + "/out.gguf")
            #expect(written.tensors == model.tensors)
            for (index, tensor) in tensors.enumerated() {
                #expect(try ModelSample.bytes(written, index) == tensor.bytes, "\(tensor.description.name)")
            }
            #expect(try FileStatus.status(of: directory + "/out.gguf").size == output.size)
            #expect(try Directory.names(in: directory) == ["in.gguf", "out.gguf"])
        }
    }

    @Test func dividesBySize() async throws {
        try await withModel { directory, model in
            let output = try copy(model, to: directory + "/out.gguf", .size(820))
            #expect(output.files.map(\.tensors) == [0..<3, 3..<4, 4..<6])
            try await ModelWriter(output, from: model).write { _ in }
            let written = try GGUFModel.open(path: directory + "/out-00001-of-00003.gguf")
            #expect(written.places.map(\.file) == [0, 0, 0, 1, 2, 2])
            for (index, tensor) in tensors.enumerated() {
                #expect(try ModelSample.bytes(written, index) == tensor.bytes)
            }
        }
    }

    @Test func keepsASplit() async throws {
        try await withTemporaryDirectory { directory in
            let path = try ModelSample.writeSplit(
                [[], [.init("a", [1]), .init("b", [2])], [], [.init("c", [3])]], directory + "/in")
            let model = try GGUFModel.open(path: path)
            let output = try copy(model, to: directory + "/out", .files(model.places.map(\.file)))
            #expect(output.files.map(\.tensors) == [0..<0, 0..<2, 2..<2, 2..<3])
            try await ModelWriter(output, from: model).write { _ in }
            let written = try GGUFModel.open(path: directory + "/out-00001-of-00004.gguf")
            #expect(written.places.map(\.file) == [1, 1, 3])
            #expect(written.tensors == model.tensors)
        }
    }

    @Test func aModelThatFitsIntoOneFileIsNotDivided() async throws {
        try await withModel { directory, model in
            let output = try copy(model, to: directory + "/out.gguf", .size(1 << 40))
            #expect(output.files.map(\.path) == [directory + "/out.gguf"])
        }
    }

    @Test func tellsProgressInTensorsAndBytes() async throws {
        try await withModel { directory, model in
            let counter = Counter()
            let output = try copy(model, to: directory + "/out.gguf")
            try await ModelWriter(output, from: model).write { event in
                if case .advanced(let bytes) = event { counter.add(bytes) }
            }
            #expect(counter.total == tensors.reduce(0) { $0 + $1.bytes.count })
        }
    }

    @Test func leavesNothingAfterAnError() async throws {
        try await withModel { directory, model in
            try writeFile(directory + "/out.gguf", "old")
            let output = try copy(model, to: directory + "/out.gguf")
            try resizeFile(directory + "/in.gguf", 1000)
            await #expect(throws: ReadFailure.self) {
                try await ModelWriter(output, from: model).write { _ in }
            }
            #expect(try Directory.names(in: directory) == ["in.gguf", "out.gguf"])
            #expect(try contents(directory + "/out.gguf") == Array("old".utf8))
        }
    }

    @Test func saysWhenTheOutputCannotBeMade() async throws {
        try await withModel { directory, model in
            let output = try copy(model, to: directory + "/none/out.gguf")
            await #expect(throws: (any Error).self) {
                try await ModelWriter(output, from: model).write { _ in }
            }
        }
    }
}
