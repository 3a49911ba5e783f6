import Formats

/// Where diffusers takes the components of a pipeline from without running anything of the repository.
enum DiffusersLibraries {
    /// Whether it is a library, or one of the modules of diffusers' own pipelines, which are named without the package.
    static func contains(_ name: String) -> Bool { names.contains { $0.utf8.isText(name) } }

    /// `LOADABLE_CLASSES` of diffusers 0.42.1, libraries of earlier versions, and the directories of `diffusers/pipelines`
    /// in 0.42.1 and before.
    private static let names: [Substring] = """
        diffusers transformers onnxruntime.training optimum peft k_diffusion flax sentencepiece \
        ace_step allegro alt_diffusion amused animatediff anyflow audio_diffusion audioldm audioldm2 aura_flow \
        blip_diffusion bria bria_fibo bria_fibo2 chroma chronoedit cogvideo cogview3 cogview4 consisid \
        consistency_models controlnet controlnet_hunyuandit controlnet_sd3 controlnet_xs cosmos dance_diffusion ddim \
        ddpm deepfloyd_if deprecated diffusion_gemma dit dreamlite easyanimate ernie_image flux flux2 glm_image helios \
        hidream_image hunyuan_image hunyuan_video hunyuan_video1_5 hunyuandit i2vgen_xl ideogram4 joyimage kandinsky \
        kandinsky2_2 kandinsky3 kandinsky5 kandinsky6 kolors krea2 latent_consistency_models latent_diffusion latte \
        ledits_pp llada2 longcat_audio_dit longcat_image ltx ltx2 lucy lumina lumina2 marigold mochi motif_video \
        musicldm nucleusmoe_image omnigen ovis_image pag paint_by_example pia pixart_alpha prx qwenimage qwenimage21 \
        repaint rfd4_proteina sana sana_video sana_wm score_sde_ve semantic_stable_diffusion shap_e skyreels_v2 \
        spectrogram_diffusion stable_audio stable_audio_3 stable_cascade stable_diffusion stable_diffusion_3 \
        stable_diffusion_attend_and_excite stable_diffusion_diffedit stable_diffusion_gligen \
        stable_diffusion_k_diffusion stable_diffusion_ldm3d stable_diffusion_panorama stable_diffusion_safe \
        stable_diffusion_sag stable_diffusion_xl stable_video_diffusion stochastic_karras_ve t2i_adapter \
        text_to_video_synthesis unclip unidiffuser versatile_diffusion visualcloze vq_diffusion wan wuerstchen z_image
        """.split(separator: " ")
}
