import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles

@Suite struct NoWeightsTests {
    private func fix(_ paths: [RelativePath]) -> String? {
        ModelInputs.noWeights(paths, of: "./out")?.fix
    }

    @Test func whereThereAreWeightsNothingIsWrong() {
        #expect(ModelInputs.noWeights(["config.json", "model.safetensors"], of: "a") == nil)
    }

    @Test func theCheckpointsOfATrainerAreNamed() {
        let one: [RelativePath] = ["checkpoint-500/config.json", "checkpoint-500/model.safetensors"]
        #expect(fix(one) == "did you mean ./out/checkpoint-500?")
        let two = one + ["checkpoint-1000/config.json", "checkpoint-1000/model.safetensors"]
        #expect(fix(two) == "name one of its 2 checkpoints, such as ./out/checkpoint-1000")
        #expect(fix(["logs/config.json"]) == "download the model's safetensors files")
    }

    @Test func aDirectoryOfGGUFIsSaidToBeOne() {
        #expect(fix(["README.md", "a.gguf"])?.hasPrefix("it is GGUF already: a.gguf") == true)
    }

    @Test func lackingWeightsAreAFinding() {
        #expect(ModelInputs.noWeights(["config.json"], of: "a")?.verdict == .finding)
    }
}
