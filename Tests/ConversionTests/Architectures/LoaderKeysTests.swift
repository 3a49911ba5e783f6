import Formats
import Tensors
import Testing

@testable import Conversion

/// Keys without which llama.cpp loads no file of an architecture.
@Suite struct LoaderKeysTests {
    private func metadata(_ architecture: String, _ keys: [String]) -> ModelMetadata {
        var metadata = ModelMetadata(architecture: architecture)
        for key in keys { metadata[key] = .float32(1) }
        return metadata
    }

    @Test func whatAFileLacksIsNamedByTheKeyThatTheConverterReads() throws {
        let model = try ArchitectureTests.read("small-modernbert").model()
        let found = LoaderKeys.findings(metadata("modern-bert", []))
        #expect(found.map(\.key) == ["layer_norm_eps"])
        // Published configurations have both names; transformers makes new ones with this alone.
        #expect(model.config.raw["layer_norm_eps"] == nil && model.config.raw["norm_eps"] != nil)
        #expect(
            LoaderKeys.findings(metadata("modern-bert", ["modern-bert.attention.layer_norm_epsilon"])) == [])
    }

    @Test func keysOfExpertsAndWithoutTheArchitecturesNameCount() {
        let rms = "attention.layer_norm_rms_epsilon"
        #expect(
            LoaderKeys.missing(metadata("minimax-m2", ["minimax-m2.\(rms)"])) == [
                "expert_feed_forward_length"
            ])
        let xielu = ["xielu.alpha_n", "xielu.alpha_p", "xielu.beta"]
        #expect(LoaderKeys.missing(metadata("apertus", ["apertus.\(rms)"] + xielu)) == ["xielu.eps"])
        // Of what is not known, nothing is said.
        #expect(LoaderKeys.missing(metadata("hologram", [])) == [])
    }
}
