"""`knapsack convert` against convert_hf_to_gguf.py on the small models of the generators: every byte that is not padding."""

import shutil
from pathlib import Path

import model_specs
import model_specs_last
import model_specs_more
import model_specs_rest
import model_specs_state
import model_specs_tail
import model_specs_wider
import needs
import pytest
from reference_converter import convert_all, options
from safetensors.torch import load_file, save_file

TYPES = ("f16", "q8_0")
GENERATORS = {
    "make_models.py": model_specs.MODELS,
    "make_models_last.py": [*model_specs_last.MODELS, *model_specs_last.BY_HAND],
    "make_models_more.py": [*model_specs_more.MODELS, *model_specs_more.BY_HAND],
    "make_models_rest.py": [*model_specs_rest.MODELS, *model_specs_rest.BY_HAND],
    "make_models_state.py": [*model_specs_state.MODELS, *model_specs_state.BY_HAND],
    "make_models_tail.py": [*model_specs_tail.MODELS, *model_specs_tail.BY_HAND],
    "make_models_wider.py": [*model_specs_wider.MODELS, *model_specs_wider.BY_HAND],
}
CASES = [(generator, name) for generator, names in GENERATORS.items() for name in names]
STATE = "make_models_state.py"

pytestmark = [needs.CONVERTER, pytest.mark.oracle]


@pytest.fixture(scope="session")
def converted(base):
    """All models of a generator with what the reference makes of them, made when the first test asks for one."""
    made = {}

    def of(generator: str):
        if generator not in made:
            made[generator] = convert_all(base / generator.removesuffix(".py"), generator, TYPES)
        return made[generator]

    return of


def convert(knapsack, model: Path, target: Path, kind: str):
    return knapsack("convert", model, target, "--outtype", kind, *options(model))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("generator", "name"), CASES)
def test_equals_the_reference(knapsack, converted, tmp_path, generator, name, kind):
    reference = converted(generator)
    convert(knapsack, reference.models / name, tmp_path / "out.gguf", kind).expect(0)
    reference.equals(tmp_path / "out.gguf", name, kind)


@pytest.mark.slow
@pytest.mark.parametrize("name", GENERATORS[STATE])
def test_a_lost_tensor_is_an_error_that_names_it(knapsack, converted, tmp_path, name):
    """Each tensor of the part for text, but experts beside the first of a block."""
    model = tmp_path / name
    shutil.copytree(converted(STATE).models / name, model)
    path = model / "model.safetensors"
    tensors = load_file(path)
    optional = {"mamba-small": ["lm_head.weight"]}.get(name, [])
    for lost in tensors:
        if "visual" in lost or lost in optional or any(f"experts.{number}." in lost for number in (1, 2, 3)):
            continue
        if name in ("qwen4exp", "nemotron-puzzle") and lost.startswith("mtp."):
            continue
        save_file({key: value for key, value in tensors.items() if key != lost}, path, metadata={"format": "pt"})
        done = convert(knapsack, model, tmp_path / "out.gguf", "f16")
        done.expect(1, 2)
        assert f"no tensor {lost}" in done.stderr, lost


@pytest.mark.parametrize(("name", "called", "template"), [
    ("deepseek-v4", "DeepSeek-V4-Flash-0731", "deepseek-ai-DeepSeek-V4-Flash-0731.jinja"),
    ("minimax-text", "MiniMax-Text-01", "MiniMax-M1.jinja"),
])  # fmt: skip
def test_a_model_without_its_template_is_refused(knapsack, converted, tmp_path, name, called, template):
    """llama.cpp would take another one, and say nothing."""
    model = tmp_path / called
    shutil.copytree(converted("make_models_last.py").models / name, model)
    (model / "chat_template.jinja").unlink()
    done = convert(knapsack, model, tmp_path / "out.gguf", "f16")
    done.expect(1)
    assert template in done.stderr
    assert not (tmp_path / "out.gguf").exists()
