import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

private typealias Sample = HuggingFaceSample

/// Opens what is in a directory, and states what is wrong.
private func code(_ directory: String) throws -> String {
    do {
        _ = try SafetensorsCheckpoint.open(try Sample.inputs(directory), for: "model")
        return "opened"
    } catch let problems as Diagnostics {
        return problems.all[0].code.rawValue
    }
}

private func index(_ map: [(String, String)]) -> String {
    let members = map.map { JSON.Member($0, .string($1)) }
    let json: JSON = ["metadata": ["total_size": 1], "weight_map": .object(members)]
    return json.compactText
}

@Suite struct SafetensorsCheckpointTests {
    private let tensors = ["b", "a", "c"].map { Sample.Tensor($0, .f32, [2]) }

    private func write(_ directory: String, _ files: [(String, [Sample.Tensor])]) throws {
        for (name, tensors) in files {
            try writeFile(Path.join(directory, name), Sample.safetensors(tensors))
        }
    }

    @Test func sortsFilesAndTheTensorsOfEach() async throws {
        try await withTemporaryDirectory { directory in
            try write(
                directory,
                [
                    ("model-00002-of-00002.safetensors", [tensors[1]]),
                    ("model-00001-of-00002.safetensors", [tensors[2], tensors[0]]),
                    ("other.safetensors", [Sample.Tensor("z", .f32, [1])]),
                ])
            let names = try SafetensorsCheckpoint.open(try Sample.inputs(directory), for: "model")?
                .tensors.map(\.name)
            #expect(names == ["b", "c", "a"])
        }
    }

    @Test func takesTheFilesThatTheIndexNames() async throws {
        try await withTemporaryDirectory { directory in
            try write(directory, [("weights.safetensors", tensors), ("model.safetensors", [tensors[0]])])
            let map = ["a", "b", "c"].map { ($0, "weights.safetensors") }
            try writeFile(SafetensorsCheckpoint.indexName.joined(to: directory), index(map))
            let names = try SafetensorsCheckpoint.open(try Sample.inputs(directory), for: "model")?
                .tensors.map(\.name)
            #expect(names == ["a", "b", "c"])
        }
    }

    @Test(arguments: [
        ([("a", "one.safetensors"), ("b", "two.safetensors")], "shard-missing"),
        ([("a", "one.safetensors"), ("b", "one.safetensors")], "tensor-unlisted"),
        (
            [
                ("a", "one.safetensors"), ("b", "one.safetensors"), ("c", "one.safetensors"),
                ("d", "one.safetensors"),
            ],
            "tensor-missing"
        ),
        ([("a", "../one.safetensors")], "json-broken"),
    ]) func refusesAnIndexThatDoesNotFit(map: [(String, String)], expected: String) async throws {
        try await withTemporaryDirectory { directory in
            try write(directory, [("one.safetensors", tensors)])
            try writeFile(SafetensorsCheckpoint.indexName.joined(to: directory), index(map))
            let found = try code(directory)
            #expect(found == expected)
        }
    }

    @Test func refusesATensorThatTwoFilesHave() async throws {
        try await withTemporaryDirectory { directory in
            try write(
                directory, [("model-1.safetensors", tensors), ("model-2.safetensors", [tensors[0]])])
            let found = try code(directory)
            #expect(found == "tensor-twice")
        }
    }

    @Test func refusesAFileThatEndsTooEarly() async throws {
        try await withTemporaryDirectory { directory in
            let bytes = Sample.safetensors(tensors)
            try writeFile(Path.join(directory, "model.safetensors"), bytes.dropLast(3))
            let found = try code(directory)
            #expect(found == "safetensors-broken")
        }
    }

    @Test func noticesAFileThatIsNotTheOneThatWasProved() async throws {
        try await withTemporaryDirectory { directory in
            let path = Path.join(directory, "model.safetensors")
            try writeFile(path, Sample.safetensors(tensors))
            let inputs = try Sample.inputs(directory)
            try writeFile(path, Sample.safetensors([tensors[0]]))
            #expect(throws: ReadFailure.self) {
                _ = try SafetensorsCheckpoint.open(inputs, for: "model")
            }
        }
    }
}
