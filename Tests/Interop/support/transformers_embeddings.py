"""The embeddings that transformers makes of a picture or a sound, as a class of it puts them among those of its text."""

import json
import math
from pathlib import Path

import numpy
import torch
import transformers


def patches(picture: torch.Tensor, size: int, merge: int, frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A row for each patch, those that are merged together one after the other, and how many there are, as Qwen's models
    take a picture: one that stands still is `frames` times the same."""
    channels, height, width = picture.shape
    rows, columns = height // size, width // size
    cut = picture.expand(frames, -1, -1, -1).reshape(frames, channels, rows // merge, merge, size, columns // merge, merge, size)
    flat = cut.permute(2, 5, 3, 6, 1, 0, 4, 7).reshape(rows * columns, channels * frames * size * size)
    return flat, torch.tensor([[1, rows, columns]])


def joined(found) -> torch.Tensor:
    """Of one picture, or of each of several in a list."""
    return torch.cat(list(found)) if isinstance(found, (list, tuple)) else found


class Reference:
    """A model as transformers loads it."""

    def __init__(self, directory: Path) -> None:
        transformers.logging.set_verbosity_error()
        self.config = transformers.AutoConfig.from_pretrained(directory)
        self.kind = self.config.model_type
        (name,) = self.config.architectures
        # Some are published under a name that transformers spells otherwise.
        of = getattr(transformers, name, transformers.AutoModelForImageTextToText)
        self.model = of.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
        path = directory / "preprocessor_config.json"
        self.directory = directory
        self.preparing = json.loads(path.read_text()) if path.exists() else {}

    def normalised(self, pixels: numpy.ndarray) -> torch.Tensor:
        """Colours, rows, columns."""
        mean, deviation = (torch.tensor(self.preparing[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))
        return (torch.tensor(pixels).permute(2, 0, 1) / 255 - mean) / deviation

    @torch.no_grad()
    def of_picture(self, pixels: numpy.ndarray) -> numpy.ndarray:
        picture = self.normalised(pixels)
        found = getattr(self, f"of_{self.kind}", self.plainly)(picture)
        return found.reshape(-1, found.shape[-1]).numpy()

    def plainly(self, picture: torch.Tensor) -> torch.Tensor:
        return self.features(pixel_values=picture[None])

    def features(self, **inputs) -> torch.Tensor:
        found = getattr(self.model, "get_image_features", self.model.model.get_image_features)(**inputs)
        return joined(getattr(found, "pooler_output", found))

    def as_qwen(self, picture: torch.Tensor) -> torch.Tensor:
        vision = self.config.vision_config
        flat, grid = patches(picture, vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size)
        found = self.model.get_image_features(pixel_values=flat, image_grid_thw=grid)
        # What is added to the text's first layers stands behind.
        return torch.cat([joined(found.pooler_output), *map(joined, getattr(found, "deepstack_features", None) or [])], dim=-1)

    of_qwen2_vl = of_qwen2_5_vl = of_qwen3_vl = of_qwen3_vl_moe = of_qwen3_5 = of_qwen3_5_moe = as_qwen
    of_glm4v = of_glm4v_moe = of_glm_ocr = of_exaone4_5 = as_qwen
    of_qwen2_5_omni_thinker = of_qwen4_exp = of_glm5_next = of_minimax_m3_vl = as_qwen

    def of_idefics3(self, picture: torch.Tensor) -> torch.Tensor:
        return self.features(pixel_values=picture[None, None])

    of_smolvlm = of_idefics3

    def of_llava(self, picture: torch.Tensor) -> torch.Tensor:
        return self.features(pixel_values=picture[None], image_sizes=torch.tensor([picture.shape[1:]]))

    of_mistral3 = of_lighton_ocr = of_llava

    def of_llama4(self, picture: torch.Tensor) -> torch.Tensor:
        found = self.model.get_image_features(pixel_values=picture[None]).last_hidden_state
        found = self.model.multi_modal_projector(found.view(-1, found.shape[-1]))
        # llama.cpp has them column after column.
        side = math.isqrt(len(found))
        return found.view(side, side, -1).transpose(0, 1)

    def in_rows(self, picture: torch.Tensor, size: int) -> torch.Tensor:
        """A row for each patch, row after row of the picture: its rows, columns, colours."""
        channels, height, width = picture.shape
        cut = picture.reshape(channels, height // size, size, width // size, size)
        return cut.permute(1, 3, 2, 4, 0).reshape(-1, size * size * channels)

    def of_lfm2_vl(self, picture: torch.Tensor) -> torch.Tensor:
        size = self.config.vision_config.patch_size
        flat = self.in_rows(picture, size)[None]
        grid = torch.tensor([[side // size for side in picture.shape[1:]]])
        return self.features(pixel_values=flat, spatial_shapes=grid, pixel_attention_mask=torch.ones(flat.shape[:2], dtype=torch.int))

    def of_gemma4(self, picture: torch.Tensor, patches: int = 1) -> torch.Tensor:
        size = self.config.vision_config.patch_size * patches
        rows, columns = (side // size for side in picture.shape[1:])
        places = torch.stack(torch.meshgrid(torch.arange(columns), torch.arange(rows), indexing="xy"), dim=-1).reshape(1, -1, 2)
        return self.features(pixel_values=self.in_rows(picture, size)[None], image_position_ids=places)

    def of_muse_glimmer(self, picture: torch.Tensor) -> torch.Tensor:
        flat, grid = patches(picture, self.config.vision_config.patch_size, 1, 1)
        flat = flat.repeat(1, self.config.vision_config.patch_temporal)
        model = self.model.model
        # The norm of embeddings behind it is the text's in llama.cpp.
        return model.vision_projection(model.vision_adapter(model.vision_tower(flat, grid_thw=grid).last_hidden_state))

    def of_paddleocr_vl(self, picture: torch.Tensor) -> torch.Tensor:
        size = self.config.vision_config.patch_size
        flat, grid = patches(picture, size, 1, 1)
        return self.features(pixel_values=flat.reshape(-1, 3, size, size), image_grid_thw=grid)

    def of_internvl(self, picture: torch.Tensor) -> torch.Tensor:
        # llama.cpp has the token for the whole behind the patches, but its position is still the first.
        places = self.model.model.vision_tower.embeddings.position_embeddings
        places.copy_(places.roll(1, dims=1))
        return self.plainly(picture)

    of_kimi_k25 = of_paddleocr_vl

    def of_hunyuan_vl(self, picture: torch.Tensor) -> torch.Tensor:
        flat, grid = patches(picture, self.config.vision_config.patch_size, 1, 1)
        return self.features(pixel_values=flat, image_grid_thw=grid)

    def of_minicpmv4_6(self, picture: torch.Tensor) -> torch.Tensor:
        size = self.config.vision_config.patch_size
        flat = torch.nn.functional.unfold(picture[None], (size, size), stride=(size, size)).reshape(3, size, size, -1)
        flat = flat.permute(0, 1, 3, 2).reshape(1, 3, size, -1)
        return self.features(pixel_values=flat, target_sizes=torch.tensor([[side // size for side in picture.shape[1:]]]))

    @torch.no_grad()
    def of_sound(self, samples: numpy.ndarray) -> numpy.ndarray:
        found = getattr(self, f"hearing_{self.kind}", None) or getattr(self, f"of_{self.kind}")
        found = found(samples)
        return found.reshape(-1, found.shape[-1]).numpy()

    def spectrum(self, samples: numpy.ndarray) -> torch.Tensor:
        """Whisper's, of thirty seconds."""
        extractor = transformers.WhisperFeatureExtractor(feature_size=getattr(self.config, "audio_config", self.config).num_mel_bins)
        return extractor(samples, sampling_rate=16000, return_tensors="pt").input_features

    def of_qwen2_audio(self, samples: numpy.ndarray) -> torch.Tensor:
        model = self.model.model
        return model.multi_modal_projector(model.audio_tower(self.spectrum(samples)).last_hidden_state)

    def of_voxtral(self, samples: numpy.ndarray) -> torch.Tensor:
        # llama.cpp takes the mean of each two before the last norm, and leaves out what is less than a row of four.
        model, norm = self.model.model, self.model.model.audio_tower.layer_norm
        norm.register_forward_pre_hook(lambda _, inputs: (inputs[0].unflatten(1, (-1, 2)).mean(2),))
        found = model.audio_tower(self.spectrum(samples)).last_hidden_state
        stacked = found[:, : found.shape[1] // 4 * 4].reshape(-1, 4 * found.shape[2])
        return model.multi_modal_projector(stacked)

    def of_audioflamingo3(self, samples: numpy.ndarray) -> torch.Tensor:
        spectrum = self.spectrum(samples)
        mask = torch.ones(1, spectrum.shape[-1], dtype=torch.long)
        return self.model.get_audio_features(input_features=spectrum, input_features_mask=mask).pooler_output

    def of_qwen3_asr(self, samples: numpy.ndarray) -> torch.Tensor:
        extractor = transformers.Qwen3ASRFeatureExtractor(feature_size=self.config.audio_config.num_mel_bins)
        inputs = extractor(samples, sampling_rate=16000, return_tensors="pt", return_attention_mask=True)
        spectrum, mask = inputs["input_features"], inputs[next(key for key in inputs if "mask" in key)]
        # The last token has a frame in llama.cpp that is left out here.
        return self.model.get_audio_features(spectrum, mask).pooler_output[:-1]

    def hearing_qwen2_5_omni_thinker(self, samples: numpy.ndarray) -> torch.Tensor:
        spectrum = self.spectrum(samples)
        return self.model.get_audio_features(spectrum, torch.ones(1, spectrum.shape[-1], dtype=torch.long)).last_hidden_state

    def hearing_gemma4(self, samples: numpy.ndarray) -> torch.Tensor:
        inputs = transformers.Gemma4AudioFeatureExtractor()([samples], sampling_rate=16000, return_tensors="pt")
        found = self.model.model.get_audio_features(inputs["input_features"], inputs["input_features_mask"])
        return found.pooler_output

    def of_gemma4_unified(self, picture: torch.Tensor) -> torch.Tensor:
        return self.of_gemma4(picture, self.config.vision_config.pooling_kernel_size)

    def hearing_gemma4_unified(self, samples: numpy.ndarray) -> torch.Tensor:
        return self.model.model.get_audio_features(torch.tensor(samples).reshape(1, -1, 640)).pooler_output

    def hearing_granite_speech(self, samples: numpy.ndarray) -> torch.Tensor:
        # As its extractor computes it with torchaudio: two frames are one row.
        power = torch.stft(torch.tensor(samples), 512, 160, 400, torch.hann_window(400), return_complex=True).abs() ** 2
        filters = transformers.audio_utils.mel_filter_bank(257, 80, 0.0, 8000.0, 16000, norm=None, mel_scale="htk")
        spectrum = (power.T @ torch.tensor(filters, dtype=torch.float32)).clip(min=1e-10).log10()
        spectrum = torch.maximum(spectrum, spectrum.max() - 8) / 4 + 1
        return self.model.get_audio_features(spectrum[: len(spectrum) // 2 * 2].reshape(1, -1, 160)).pooler_output

    def hearing_whisper(self, samples: numpy.ndarray) -> torch.Tensor:
        """Ultravox: its encoder is of a class of transformers, what stands behind is as its own code has it."""
        from safetensors.torch import load_file

        behind = load_file(self.directory / "published" / "model.safetensors")
        found = self.model.encoder(self.spectrum(samples)).last_hidden_state
        stacked = found[:, : found.shape[1] // 8 * 8].reshape(1, -1, 8 * found.shape[2])

        def normed(values: torch.Tensor, name: str) -> torch.Tensor:
            return torch.nn.functional.rms_norm(values, values.shape[-1:], behind[f"multi_modal_projector.{name}.weight"], 1e-6)

        values, gate = (normed(stacked, "ln_pre") @ behind["multi_modal_projector.linear_1.weight"].T).chunk(2, dim=-1)
        return normed(torch.nn.functional.silu(gate) * values, "ln_mid") @ behind["multi_modal_projector.linear_2.weight"].T
