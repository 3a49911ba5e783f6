import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

@Suite(.tags(.fuzz), .series) struct HuggingFaceFuzzTests {
    /// A SentencePiece vocabulary of 16 pieces.
    private static let vocabulary: [UInt8] = (0..<16).flatMap { index -> [UInt8] in
        let piece = Array("piece\(index)".utf8)
        let kind: UInt8 = index == 0 ? 2 : index < 3 ? 3 : 1
        let content = [0x0A, UInt8(piece.count)] + piece + [0x15, 0, 0, 0, 0, 0x18, kind]
        return [0x0A, UInt8(content.count)] + content
    }

    private static func convert(_ directory: String, to output: String, _ name: String) async throws {
        let inputs = try HuggingFaceSample.inputs(directory)
        let product = try GGUFProduct(named: name)
        let conversion = try GGUFConversion(
            inputs, directoryName: "tiny", name: "tiny", GGUFConversion.Request(product)
        ) { _, _ in output }
        try await conversion.write(threads: 2) { _ in }
    }

    @Test(arguments: ["f16", "q8_0", "Q4_0"]) func convertsALlama(type: String) async throws {
        try await withTemporaryDirectory { directory in
            let model = Path.join(directory, "model")
            try writeFile(Path.join(model, "config.json"), HuggingFaceSample.config)
            try writeFile(Path.join(model, "tokenizer.model"), Self.vocabulary)
            try writeFile(
                Path.join(model, "model.safetensors"),
                HuggingFaceSample.safetensors(HuggingFaceSample.llama()))
            let output = Path.join(directory, "out.gguf")
            try await Self.convert(model, to: output, type)
            let made = try GGUFModel.open(path: output)
            #expect(made.tensors.count == 12)
            let names = try Directory.names(in: directory).sorted()
            #expect(names == ["model", "out.gguf"])
        }
    }

    /// What is broken is said, and leaves nothing; what is not is written.
    @Test(arguments: ["config.json", "tokenizer.model", "model.safetensors"], [UInt64(1), 2, 3])
    func damagedModelsNeverTrap(file: String, seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            var files = [
                "config.json": Array(HuggingFaceSample.config.utf8), "tokenizer.model": Self.vocabulary,
                "model.safetensors": HuggingFaceSample.safetensors(HuggingFaceSample.llama(.f16)),
            ]
            let whole = files[file] ?? []
            var generator = SeededGenerator(seed: seed)
            let (model, output) = (Path.join(directory, "model"), Path.join(directory, "out.gguf"))
            for _ in 0..<40 {
                // Of the weights only the header states anything that could be wrong.
                let head = file == "model.safetensors" ? Array(whole[..<1400]) : whole
                files[file] = mutated(head, with: &generator) + whole.dropFirst(head.count)
                for (name, bytes) in files { try writeFile(Path.join(model, name), bytes) }
                do {
                    try await Self.convert(model, to: output, "f16")
                    _ = try GGUFModel.open(path: output)
                    try Directory.removeFile(output)
                } catch is Diagnostics {
                    let left = try FileStatus.existing(output)
                    #expect(left == nil)
                }
            }
        }
    }
}
