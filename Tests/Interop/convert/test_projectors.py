"""`knapsack convert --mmproj` against `convert_hf_to_gguf.py --mmproj` on the models of model_specs_projectors.py."""

import json
import shutil
from pathlib import Path

import needs
import numpy
import pytest
from cli import manifest, read_lock
from gguf_dump import dump
from model_specs_projectors import BY_HAND, MODELS
from model_specs_projectors_rest import BY_HAND as REST
from project import FIXTURES
from reference_converter import convert_all
from safetensors.numpy import save_file

KINDS = ("auto", "f16", "q8_0")
oracle = [needs.CONVERTER, pytest.mark.oracle]


@pytest.fixture(scope="session")
def pictures(base):
    return convert_all(base / "pictures", "make_models_projectors.py", KINDS, "--mmproj")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [pytest.param(name, marks=oracle) for name in [*MODELS, *BY_HAND, *REST]])
def test_equals_the_reference(knapsack, pictures, tmp_path, name, kind):
    knapsack("convert", pictures.models / name, tmp_path / "out.gguf", "--outtype", kind, "--mmproj").expect(0)
    pictures.equals(tmp_path / "out.gguf", name, kind)


@pytest.fixture(scope="module")
def gemma(tmp_path_factory) -> Path:
    """A small Gemma 3 as it is published, but for its numbers."""
    folder = tmp_path_factory.mktemp("gemma") / "Gemma-3-4B-It"
    folder.mkdir()
    vision = {"model_type": "siglip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
              "num_attention_heads": 2, "image_size": 32, "patch_size": 16}  # fmt: skip
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "vision_config": vision,
              "text_config": {"model_type": "gemma3_text", "hidden_size": 64}}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "image_seq_length": 1}))
    shapes = {"embeddings.patch_embedding": [32, 3, 16, 16], "embeddings.position_embedding": [4, 32], "post_layernorm": [32]}
    for block in range(2):
        start = f"encoder.layers.{block}"
        shapes |= {f"{start}.self_attn.{part}_proj": [32, 32] for part in ("q", "k", "v", "out")}
        shapes |= {f"{start}.layer_norm1": [32], f"{start}.layer_norm2": [32], f"{start}.mlp.fc1": [64, 32], f"{start}.mlp.fc2": [32, 64]}
    tensors = {f"vision_tower.vision_model.{name}.weight": shape for name, shape in shapes.items()}
    tensors |= {"multi_modal_projector.mm_input_projection_weight": [32, 64], "multi_modal_projector.mm_soft_emb_norm.weight": [32],
                "language_model.model.norm.weight": [64]}  # fmt: skip
    numbers = numpy.random.default_rng(1)
    save_file({name: numbers.standard_normal(shape).astype(numpy.float16) for name, shape in tensors.items()}, folder / "model.safetensors")
    return folder


@pytest.mark.smoke
def test_it_is_named_as_the_reference_names_it(knapsack, gemma, tmp_path):
    done = knapsack("convert", gemma, tmp_path, "--mmproj", "--json").expect(0)
    assert [path.name for path in tmp_path.iterdir()] == ["mmproj-Gemma-3-4b-It-F16.gguf"]
    assert done.json()["outtype"] == "f16"
    keys = {item["key"]: item.get("value") for item in dump(next(tmp_path.iterdir()))["kv"]}
    assert (keys["general.type"], keys["general.architecture"], keys["clip.projector_type"]) == ("mmproj", "clip", "gemma3")
    knapsack("convert", gemma, tmp_path / "p-{ftype}.gguf", "--mmproj", "--outtype", "q8_0").expect(0)
    assert (tmp_path / "p-q8_0.gguf").exists()


def edited(gemma: Path, folder: Path, **files) -> Path:
    """The same model with other files."""
    folder.mkdir()
    for path in gemma.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | content))
    return folder


@pytest.mark.slow
def test_what_hinders_is_named(knapsack, gemma, tmp_path):
    from safetensors.numpy import load_file

    model = edited(gemma, tmp_path / "a")
    tensors = load_file(model / "model.safetensors")
    name = "vision_tower.vision_model.encoder.layers.1.mlp.fc1.weight"
    save_file({key: value for key, value in tensors.items() if key != name}, model / "model.safetensors")
    assert name in knapsack("convert", model, tmp_path / "o.gguf", "--mmproj").expect(1).stderr
    save_file(tensors | {"adapter.thing.weight": tensors[name]}, model / "model.safetensors")
    assert "belongs neither to the text nor to the projector" in knapsack("convert", model, tmp_path / "o.gguf", "--mmproj").expect(1).stderr
    (gone := edited(gemma, tmp_path / "b")).joinpath("preprocessor_config.json").unlink()
    assert '"image_mean"' in knapsack("convert", gone, tmp_path / "o.gguf", "--mmproj").expect(1).stderr
    # What is inside of processor_config.json counts before that.
    (gone / "processor_config.json").write_text(json.dumps({"image_processor": {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}}))
    knapsack("convert", gone, tmp_path / "o.gguf", "--mmproj").expect(0)
    text = edited(gemma, tmp_path / "c", config={"architectures": ["Gemma3ForCausalLM"]})
    assert "Gemma3ForCausalLM" in knapsack("convert", text, tmp_path / "p.gguf", "--mmproj").expect(1).stderr
    assert not (tmp_path / "p.gguf").exists()


@pytest.mark.slow
def test_keys_that_are_not_known_are_warned_of(knapsack, gemma, tmp_path):
    vision = json.loads((gemma / "config.json").read_text())["vision_config"] | {"warp": 3}
    model = edited(gemma, tmp_path / "a", config={"vision_config": vision})
    assert '"vision_config.warp"' in knapsack("convert", model, tmp_path / "o.gguf", "--mmproj").expect(0).stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["--outtype", "Q4_K_M"], ["--outtype", "tq1_0"], ["--outtype", "fit", "--max-size", "1MB"], ["--vocab-only"], ["--lora", "x"], ["--pre", "gpt-2"]]
)
def test_what_does_not_go_together_is_refused(knapsack, gemma, tmp_path, words):
    knapsack("convert", gemma, tmp_path / "o.gguf", "--mmproj", *words).expect(2)


@pytest.fixture
def seeing(tmp_path) -> Path:
    """A small Llama with eyes, as SmolVLM is published."""
    from safetensors.torch import load_file, save_file
    from torch import randn

    folder = shutil.copytree(FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K", tmp_path / "Seeing-Llama")
    text = json.loads((folder / "config.json").read_text()) | {"architectures": ["VLlama3ForCausalLM"]}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32,
              "patch_size": 16, "model_type": "idefics3_vision"}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(
        {"architectures": ["Idefics3ForConditionalGeneration"], "model_type": "idefics3", "text_config": text, "vision_config": vision,
         "scale_factor": 2}))  # fmt: skip
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}}))
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= {name.replace("model.", "model.text_model.", 1): value for name, value in load_file(path).items()}
        path.unlink()
    (folder / "model.safetensors.index.json").unlink(missing_ok=True)
    layer = "model.vision_model.encoder.layers.0"
    shapes = {"model.vision_model.embeddings.patch_embedding.weight": [32, 3, 16, 16], f"{layer}.mlp.fc1.weight": [64, 32],
              "model.vision_model.embeddings.position_embedding.weight": [4, 32], f"{layer}.mlp.fc2.weight": [32, 64],
              "model.vision_model.post_layernorm.weight": [32], "model.connector.modality_projection.proj.weight": [64, 128]}  # fmt: skip
    shapes |= {f"{layer}.self_attn.{part}_proj.weight": [32, 32] for part in ("q", "k", "v", "out")}
    shapes |= {f"{layer}.layer_norm{number}.weight": [32] for number in (1, 2)}
    save_file(tensors | {name: randn(shape).bfloat16() for name, shape in shapes.items()}, folder / "model.safetensors")
    return folder


ENTRY = {"name": "eyes", "from": "whole", "gguf": "Q8_0", "mmproj": True}


def write_manifest(model: Path, **changes) -> Path:
    path = model.parent / "eyes.toml"
    whole = {"name": "whole", "source": f"path:{model.name}", "pack": False}
    entry = {key: value for key, value in {**ENTRY, **changes}.items() if value is not None}
    path.write_text(manifest(name="eyes-models", model=[whole, entry]))
    return path


def test_an_entry_of_a_manifest_has_both_files(knapsack, seeing):
    folder = seeing.parent
    path = write_manifest(seeing)
    knapsack("lock", path).expect(0)
    entry = read_lock(folder / "eyes.lock")["eyes"]
    assert entry["asked"] == {"from": "whole", "gguf": "Q8_0", "mmproj": "true"}
    assert (entry["resolved"]["via"], entry["resolved"]["mmproj-outtype"]) == ("bf16", "bf16")
    assert [file["path"] for file in entry["files"]] == ["eyes-Q8_0.gguf", "mmproj-eyes.gguf"]
    knapsack("check", path).expect(0)
    knapsack("pack", path, "--locked", "--output", folder / "bundle").expect(0)
    knapsack("verify", folder / "bundle").expect(0)
    made = folder / "bundle" / "models" / "eyes"
    # The same as one after the other.
    for options, name in (["--outtype", "Q8_0"], "eyes-Q8_0.gguf"), (["--mmproj"], "mmproj-eyes.gguf"):
        knapsack("convert", seeing, folder / name, *options).expect(0)
        assert dump(folder / name) == dump(made / name)
    lines = (folder / "bundle" / "README.md").read_text()
    assert 'chat_handler=MTMDChatHandler(clip_model_path=knapsack.path("eyes") + "/mmproj-eyes.gguf")' in lines


@pytest.mark.parametrize("shared", [False, True], ids=["its own budget", "a shared one"])
def test_a_budget_is_for_both_files(knapsack, seeing, shared):
    path = write_manifest(seeing, gguf="fit", **{"max-size": None if shared else "230 kB"})
    if shared:
        path.write_text(path.read_text().replace('name = "eyes-models"', 'name = "eyes-models"\nfit = "230 kB"'))
    knapsack("pack", path, "--output", seeing.parent / "bundle").expect(0)
    sizes = [file["size"] for file in read_lock(seeing.parent / "eyes.lock")["eyes"]["files"]]
    assert len(sizes) == 2 and 225_000 < sum(sizes) <= 230_000
    least = path.read_text().replace("230 kB", f"{sizes[1]} B")
    path.write_text(least)
    assert f"the projector takes {sizes[1]} bytes" in knapsack("lock", path).expect(1).text


@pytest.mark.slow
def test_what_decides_on_a_projector_makes_a_lock_stale(knapsack, seeing):
    path = write_manifest(seeing)
    knapsack("lock", path).expect(0)
    knapsack("check", path).expect(0)
    assert "eyes" in knapsack("check", write_manifest(seeing, mmproj=False)).expect(1).text
    write_manifest(seeing)
    processor = seeing / "processor_config.json"
    processor.write_text(processor.read_text().replace("0.5", "0.25"))
    before = read_lock(seeing.parent / "eyes.lock")["eyes"]["files"]
    knapsack("lock", path).expect(0)
    after = read_lock(seeing.parent / "eyes.lock")["eyes"]["files"]
    # The text does not read it.
    assert [one["sha256"] == other["sha256"] for one, other in zip(before, after, strict=True)] == [True, False]


@pytest.mark.slow
def test_a_manifest_that_cannot_have_one_is_refused(knapsack, seeing):
    assert "`mmproj`" in knapsack("lock", write_manifest(seeing, gguf=None, dtype="f16")).expect(2).text
    config = json.loads((seeing / "config.json").read_text())
    (seeing / "config.json").write_text(json.dumps(config | {"architectures": ["UnheardOfForConditionalGeneration"]}))
    assert "UnheardOfForConditionalGeneration" in knapsack("lock", write_manifest(seeing)).expect(1).text
    text = FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K"
    shutil.rmtree(seeing)
    shutil.copytree(text, seeing)
    assert "no part for pictures" in knapsack("lock", write_manifest(seeing)).expect(1).text
