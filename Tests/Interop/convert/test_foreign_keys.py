"""Keys of foreign configurations: none is passed over in silence, and none of those that are published is a false alarm.

What llama.cpp does not compute is an error or a warning that names the key; a key that nothing is known of is a warning, one
for each file, also for entries of a manifest, each time that they are locked.
"""

import json

import pytest
import transformers
from cli import manifest
from default_configs import defaults
from project import ROOT
from test_convert_corners import LLAMA, Model, shapes

KNOWN = json.loads((ROOT / "fixtures/conversion/default-configs.json").read_text())


@pytest.fixture
def model(knapsack, tmp_path):
    return Model(knapsack, tmp_path)


def test_no_class_of_transformers_has_keys_that_the_fixture_lacks():
    fixed = KNOWN["5.23.0"]
    for kind, own in defaults().items():
        keys = set(own["config"]) | set(own["config"].get("rope_parameters") or {})
        known = set(fixed[kind]["config"]) | set(fixed[kind]["config"].get("rope_parameters") or {})
        assert keys <= known, f"{kind} of transformers {transformers.__version__} has {keys - known}"


@pytest.mark.parametrize("version", sorted(KNOWN))
def test_all_that_transformers_writes_for_a_llama_is_known(model, version):
    config = KNOWN[version]["llama"]["config"] | LLAMA | {"head_dim": 8, "tie_word_embeddings": True}
    config.pop("rope_parameters", None)
    model.write(config)
    done = model.run()
    done.expect(0)
    assert "warning" not in done.stderr and "note:" not in done.stderr


@pytest.mark.parametrize(
    ("put", "key"),
    [
        ({"hidden_act": "relu"}, "hidden_act"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"rope_scaling": {"rope_type": "xpos", "factor": 2.0}}, "rope_scaling.rope_type"),
        ({"quantization_config": {"quant_method": "bitnet", "quantization_mode": "online"}}, "quantization_mode"),
        ({"pruned_heads": {"0": [1]}}, "pruned_heads"),
    ],
)
def test_what_llama_cpp_does_not_compute_is_an_error(model, put, key):
    model.write(LLAMA | put)
    done = model.run()
    done.expect(1)
    assert key in done.stderr and not (model.folder.parent / "out.gguf").exists()


@pytest.mark.parametrize("method", ["awq", "bitsandbytes", "hqq", "quanto", "torchao", "aqlm", "eetq", "spqr", "vptq", "higgs"])
def test_other_methods_of_quantization_are_refused_by_name(model, method):
    model.write(LLAMA | {"quantization_config": {"quant_method": method, "bits": 4}})
    done = model.run()
    done.expect(1)
    assert f"quantized by {method}" in done.stderr
    cast = model.knapsack("convert", model.folder, model.folder.parent / "out", "--dtype", "f16")
    cast.expect(1, 2)
    assert method in cast.stderr


def test_unknown_keys_are_one_warning_a_file(model):
    model.write(LLAMA | {"novel_scale": 2.0, "other_scale": 3.0, "unused": None}, settings={"novelty": 1})
    done = model.run()
    done.expect(0)
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning")]
    assert len(warnings) == 2, done.stderr
    assert "config.json has 2 keys" in warnings[0] and "tokenizer_config.json has 1 key " in warnings[1]
    assert '"novel_scale"' in done.stderr and "unused" not in done.stderr


def test_an_entry_keeps_its_warnings(knapsack, model, tmp_path):
    model.write(LLAMA | {"novel_scale": 2.0})
    entries = [{"name": "m", "source": "path:model"}, {"name": "g", "from": "m", "gguf": "f16", "pre-tokenizer": "gpt-2"}]
    path = tmp_path / "pack.toml"
    path.write_text(manifest(model=entries))
    for arguments in ((), ("--update",)):
        done = knapsack("lock", path, *arguments)
        done.expect(0)
        assert not arguments or "g: config.json has 1 key" in done.stderr
    (tmp_path / "pack.lock").unlink()
    done = knapsack("lock", path)
    done.expect(0)
    assert "g: config.json has 1 key" in done.stderr


def test_modules_that_a_gguf_lacks_are_a_warning(model):
    names = shapes()
    for name, shape in list(names.items()):
        if name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight")):
            names[name.removesuffix("weight") + "bias"] = shape[:1]
    qwen = LLAMA | {"architectures": ["Qwen2Model"], "model_type": "qwen2"}
    model.write(qwen, {name.removeprefix("model."): shape for name, shape in names.items()})
    (model.folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True, "include_prompt": True}
    (model.folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    kinds = ["Transformer", "Pooling", "Dense"]
    modules = [
        {"idx": place, "name": str(place), "path": f"{place}_{kind}" if place else "", "type": f"sentence_transformers.models.{kind}"}
        for place, kind in enumerate(kinds)
    ]
    (model.folder / "modules.json").write_text(json.dumps(modules))
    done = model.run()
    done.expect(0)
    assert 'modules.json: "2.type" is "sentence_transformers.models.Dense"' in done.stderr
    (model.folder / "1_Pooling/config.json").write_text(json.dumps(pooling | {"pooling_mode_cls_token": True}))
    (model.folder.parent / "out.gguf").unlink()
    done = model.run()
    done.expect(1)
    assert "pooling_mode_cls_token" in done.stderr
