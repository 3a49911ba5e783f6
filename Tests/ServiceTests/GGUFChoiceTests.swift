import Caches
import Formats
import Storage
import Testing

@testable import Service

struct GGUFChoiceTests {
    /// Which file a tag means, and its projector.
    private func choice(_ names: [String], _ tag: String) throws -> (model: String, projector: String?)? {
        let entries = try names.map { name in
            HubEntry(
                CachedFile(
                    path: try #require(RelativePath(name)), location: "/nowhere",
                    status: FileStatus(kind: .file, size: 1, device: 1, inode: 1, modified: 1, changed: 1),
                    evidence: [], expectedSize: nil))
        }
        return GGUFChoice(entries, tag: tag).map { ($0.model.path.text, $0.projector?.path.text) }
    }

    private static let several = [
        "README.md", "imatrix.gguf", "m-IQ4_XS.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-F16.gguf",
    ]

    @Test(arguments: [
        ("latest", "m-Q4_K_M.gguf"), ("q8_0", "m-Q8_0.gguf"), ("Q4_K_M", "m-Q4_K_M.gguf"),
        ("m-iq4_xs.gguf", "m-IQ4_XS.gguf"), ("Q5_K_M", nil), ("", nil), ("imatrix.gguf", nil),
    ])
    func aTagIsAQuantizationOrAFile(_ tag: String, _ expected: String?) throws {
        #expect(try choice(GGUFChoiceTests.several, tag)?.model == expected)
    }

    @Test func aWordOfItsOwnComesBeforeAPartOfOne() throws {
        #expect(try choice(["m-IQ4_XS.gguf", "m-Q4_XS.gguf"], "Q4_XS")?.model == "m-Q4_XS.gguf")
    }

    @Test func ofPartsTheFirstIsTaken() throws {
        let parts = ["m-Q8_0-00002-of-00002.gguf", "m-Q8_0-00001-of-00002.gguf"]
        #expect(try choice(parts, "Q8_0")?.model == "m-Q8_0-00001-of-00002.gguf")
    }

    @Test func theProjectorIsNearest() throws {
        let names = ["a/m-Q8_0.gguf", "a/mmproj-F32.gguf", "a/mmproj-Q8_0.gguf", "b/mmproj-Q8_0.gguf"]
        #expect(try choice(names, "Q8_0")?.projector == "a/mmproj-Q8_0.gguf")
        #expect(try choice(["m-Q8_0.gguf"], "Q8_0")?.projector == nil)
    }

    @Test(arguments: [
        ("m-Q4_K_M.gguf", "Q4_K_M"), ("m.iq2_xxs.gguf", "IQ2_XXS"), ("m-bf16.gguf", "BF16"),
        ("m-MXFP4.gguf", "MXFP4"), ("Quiet-model.gguf", nil),
    ])
    func namesStateQuantizations(_ name: String, _ expected: String?) {
        #expect(GGUFChoice.quantization(name) == expected)
    }
}

struct PromptFormTests {
    @Test(arguments: [
        ("{% for m in messages %}<|im_start|>{{ m.role }}", "<|im_end|>"),
        ("<|start_header_id|>", "<|eot_id|>"), ("<start_of_turn>", "<end_of_turn>"),
        ("<|user|> <|end|>", "<|end|>"), ("[INST]", "[/INST]"),
    ])
    func aFormIsKnownByItsMarks(_ template: String, _ stop: String) throws {
        let form = try #require(PromptForm(template))
        #expect(form.stops.contains(stop))
        #expect(form.template.containsUTF8("{{- range .Messages }}"))
    }

    @Test func anotherTemplateIsNone() { #expect(PromptForm("{{ prompt }} <|user|>") == nil) }
}
