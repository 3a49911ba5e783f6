import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// The types of whole models, against `fixtures/quantization/types`.
@Suite struct ModelTypesTests {
    struct Model {
        let json: JSON
        let traits: ModelTraits
        let letters: [String: GGMLType]

        init(_ name: String) throws {
            let json = try JSON.parse(fixture("types/\(name).json"))
            func number(_ key: String) -> Int? { json["traits"]?[key]?.integer }
            self.json = json
            traits = ModelTraits(
                architecture: try #require(json["architecture"]?.string),
                blockCount: try #require(number("block_count")),
                headCount: number("attention.head_count") ?? 0,
                keyValueHeadCount: number("attention.head_count_kv"),
                expertCount: number("expert_count") ?? 0)
            var letters: [String: GGMLType] = [:]
            for member in try #require(json["letters"]?.members) {
                letters[try #require(member.value.string)] = GGMLType(name: member.key)
            }
            self.letters = letters
        }

        func types(_ text: JSON?) throws -> [GGMLType] {
            try #require(text?.string).map { try #require(letters[String($0)]) }
        }

        func tensors(_ source: String) throws -> [TensorDescription] {
            let types = try types(json["sources"]?[source])
            return try zip(#require(json["tensors"]?.array), types).map { tensor, type in
                let parts = try #require(tensor.array)
                return TensorDescription(
                    name: try #require(parts.first?.string),
                    dimensions: parts.dropFirst().compactMap(\.integer),
                    type: type)
            }
        }
    }

    @Test(
        .tags(.oracle), .series,
        arguments: [
            ("Tiny-Llama3-1M-Instruct-v0.2", 17), ("gemma", 17), ("gemma3", 17), ("gpt2", 17),
            ("llama-gqa", 153),
            ("llama-odd288", 42), ("minilm", 117), ("mixtral", 99), ("phi3", 17), ("qwen2", 17),
            ("qwen2moe", 17),
            ("qwen3", 17), ("roberta", 17), ("made-falcon", 72), ("made-falcon-tied", 72), ("made-heads", 72),
            ("made-moe4", 72), ("made-moe8", 72), ("made-moe8split", 72), ("made-names", 144),
            ("made-odd", 140),
            ("made-odd-tied", 70), ("made-qwen80", 72),
        ]) func givesEveryTensorTheReferencesType(name: String, count: Int) throws
    {
        let model = try Model(name)
        let results = try #require(model.json["results"]?.members)
        #expect(results.count == count)
        var counts: [String: Int] = [:]
        for member in try #require(model.json["imatrix"]?.members) {
            counts[member.key] = member.value.integer
        }
        let matrix = counts.isEmpty ? nil : try imatrix(of: counts)
        for result in results {
            let parts = result.key.split(separator: "/")
            let options = parts[1].split(separator: "-")
            let tensors = try model.tensors(String(parts[0]))
            var wanted = QuantizationOptions(type: try QuantizationType(named: String(options[0])))
            wanted.isPure = options.contains("pure")
            let plan = try QuantizationPlan(
                tensors: tensors.reversed(), traits: model.traits, options: wanted,
                imatrix: options.contains("im") ? matrix : nil)
            // What was not written was only asked for its types.
            let isWritten = !name.hasPrefix("made-") || options.last == "im" && !wanted.isPure
            if isWritten { #expect(plan.problems == []) }
            // The order of the output is that of the fixture.
            #expect(plan.tensors.map(\.source) == tensors)
            #expect(try plan.tensors.map(\.type) == model.types(result.value), "\(name) \(result.key)")
        }
    }
}
