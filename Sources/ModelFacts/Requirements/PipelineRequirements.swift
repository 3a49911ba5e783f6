import Formats
import Manifests

/// What the components of a diffusers pipeline are loaded from, which `model_index.json` names by their directories.
///
/// As `DiffusionPipeline.from_pretrained` does it (diffusers 0.42.1, `pipelines/pipeline_loading_utils.py`; each class's
/// `config_name`).
enum PipelineRequirements {
    /// The file that makes a directory a diffusers pipeline.
    static let index: RelativePath = "model_index.json"

    /// The files of every component that the index names; none where there is no index.
    static func all(_ files: inout RequirementFiles) -> [FileRequirement] {
        guard let members = files.json(index)?.members else { return [] }
        return members.prefix(256).flatMap { member -> [FileRequirement] in
            guard let names = member.value.strings, names.count == 2 else { return [] }
            if member.key == "_class_name" {
                return [FileRequirement(.code, by: index, all: ["\(names[0]).py"])]
            }
            guard !member.key.utf8.starts(with: "_".utf8), RelativePath(member.key) != nil,
                !member.key.utf8.contains(UInt8(ascii: "/"))
            else { return [] }
            return component(member.key, library: names[0], kind: names[1])
        }
    }

    private static func component(
        _ directory: String, library: String, kind: String
    ) -> [FileRequirement] {
        func all(_ name: String) -> FileRequirement {
            FileRequirement(.component, by: index, all: [directory.appending(file: name)])
        }
        func one(_ patterns: String...) -> FileRequirement {
            FileRequirement(.component, by: index, oneOf: patterns.map(directory.appending(pattern:)))
        }
        func ends(_ ends: String...) -> Bool { ends.contains(where: kind.hasUTF8Suffix) }
        var found: [FileRequirement] = []
        if !libraries.contains(library), !DiffusersPipelines.names.contains(library) {
            found.append(
                FileRequirement(.code, by: index, all: [directory.appending(file: "\(library).py")]))
        }
        if ends("Tokenizer", "TokenizerFast") { return found + [one("*")] }
        if ends("Processor", "ProcessorFast", "Extractor", "ExtractorFast") {
            return found + [one("preprocessor_config.json", "processor_config.json")]
        }
        if kind.contains("Scheduler") || ends("Solver") { return found + [all("scheduler_config.json")] }
        if ends("Guider", "Guidance") { return found + [all("guider_config.json")] }
        if kind.hasUTF8Prefix("Onnx") || kind.hasUTF8Prefix("ORT") { return found + [one("*.onnx")] }
        if kind.hasUTF8Prefix("OV") { return found + [one("*.xml")] }
        return found + [
            all("config.json"),
            one("*.safetensors", "*.bin", "*.msgpack", "*.pt", "*.pth", "*.onnx", "*.gguf"),
        ]
    }

    /// Packages that components come from.
    private static let libraries: Set<ExactName> = [
        "diffusers", "transformers", "onnxruntime.training", "onnxruntime", "optimum", "peft", "k_diffusion",
        "flax", "sentencepiece", "torch", "open_clip",
    ]
}

/// The modules of diffusers' own pipelines, by which components of theirs are named.
enum DiffusersPipelines {
    /// The packages in `diffusers/pipelines` of 0.42.1, and those of earlier versions that files still name.
    static let names = Set(
        """
        ace_step allegro alt_diffusion amused animatediff anyflow audio_diffusion audioldm audioldm2
        aura_flow blip_diffusion bria bria_fibo bria_fibo2 chroma chronoedit cogvideo cogview3 cogview4
        consisid consistency_models controlnet controlnet_hunyuandit controlnet_sd3 controlnet_xs cosmos
        dance_diffusion ddim ddpm deepfloyd_if diffusion_gemma dit dreamlite easyanimate ernie_image flux
        flux2 glm_image helios hidream_image hunyuan_image hunyuan_video hunyuan_video1_5 hunyuandit
        i2vgen_xl ideogram4 joyimage kandinsky kandinsky2_2 kandinsky3 kandinsky5 kandinsky6 kolors krea2
        latent_consistency_models latent_diffusion latent_diffusion_uncond latte ledits_pp llada2
        longcat_audio_dit longcat_image ltx ltx2 lucy lumina lumina2 marigold mochi motif_video musicldm
        nucleusmoe_image omnigen ovis_image pag paint_by_example pia pixart_alpha pndm prx qwenimage
        qwenimage21 repaint rfd4_proteina sana sana_video sana_wm score_sde_ve semantic_stable_diffusion
        shap_e skyreels_v2 spectrogram_diffusion stable_audio stable_audio_3 stable_cascade stable_diffusion
        stable_diffusion_3 stable_diffusion_attend_and_excite stable_diffusion_diffedit
        stable_diffusion_gligen stable_diffusion_ldm3d stable_diffusion_panorama stable_diffusion_safe
        stable_diffusion_sag stable_diffusion_variants stable_diffusion_xl stable_video_diffusion
        stochastic_karras_ve t2i_adapter text_to_video_synthesis unclip unidiffuser versatile_diffusion
        visualcloze vq_diffusion wan wuerstchen z_image
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
