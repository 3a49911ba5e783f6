"""The lines of a bundle's README for each kind of entry, run as they are in a notebook without internet.

Tiny models are made with the real libraries where these are installed: torch and transformers always, datasets,
diffusers, peft, sentence-transformers and pandas where they are (`pip install --no-deps` of these and of accelerate,
pyarrow, dill, multiprocess, xxhash, scikit-learn, scipy, joblib, threadpoolctl, pillow takes about 350 MB).
"""

import importlib.util
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from bundles import run
from cli import manifest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def has(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


# Models as their libraries save them


def tokenizer(directory):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "word", "more"])}
    made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=made, **special).save_pretrained(directory)


def save(class_name, directory, **options):
    import transformers

    sizes = {
        "vocab_size": 16,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    t5 = {"vocab_size": 16, "d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    whisper = {
        "vocab_size": 64,
        "d_model": 16,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 16,
        "decoder_ffn_dim": 16,
        "num_mel_bins": 8,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 1,
        "begin_suppress_tokens": None,
        "suppress_tokens": None,
    }
    family = re.match("Llama|Bert|T5|Whisper|ViT", class_name)[0]
    own = {"T5": t5, "Whisper": whisper, "ViT": {"image_size": 8, "patch_size": 4, **{key: sizes[key] for key in sizes if key != "vocab_size"}}}.get(family, sizes)
    config = getattr(transformers, family + "Config")(**own, **options)
    getattr(transformers, class_name)(config).save_pretrained(directory)
    if family in ("Llama", "Bert", "T5", "Whisper"):
        tokenizer(directory)
    processors = {
        "ViT": {"image_processor_type": "ViTImageProcessor"},
        "Whisper": {"feature_extractor_type": "WhisperFeatureExtractor"},
    }
    if family in processors:
        (Path(directory) / "preprocessor_config.json").write_text(json.dumps(processors[family]))


def card(directory, **values):
    lines = "".join(f"{key}: {value}\n" for key, value in values.items())
    (directory / "README.md").write_text(f"---\n{lines}---\n")


def remote_code(directory):
    save("LlamaForCausalLM", directory)
    config = json.loads((directory / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"}
    config.update(model_type="own", architectures=["OwnForCausalLM"])
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "own.py").write_text(
        "from transformers import LlamaConfig, LlamaForCausalLM\n"
        "class OwnConfig(LlamaConfig):\n    model_type = 'own'\n"
        "class OwnForCausalLM(LlamaForCausalLM):\n    config_class = OwnConfig\n"
    )


def reranker(directory):
    save("BertForSequenceClassification", directory, num_labels=1)
    card(directory, library_name="sentence-transformers", pipeline_tag="text-ranking")


def embedder(directory):
    save("BertModel", directory)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    records = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(modules)
    ]
    (directory / "modules.json").write_text(json.dumps(records))
    (directory / "sentence_bert_config.json").write_text('{"max_seq_length": 16, "do_lower_case": false}')
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling" / "config.json").write_text(
        '{"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true}'
    )


def own_names(directory):
    """Code of its own whose classes have names that show nothing of what they do."""
    remote_code(directory)
    config = json.loads((directory / "config.json").read_text())
    config["auto_map"]["AutoModelForCausalLM"] = "own.MyModel"
    config["architectures"] = ["MyModel"]
    (directory / "config.json").write_text(json.dumps(config))
    code = (directory / "own.py").read_text()
    (directory / "own.py").write_text(code.replace("OwnForCausalLM", "MyModel"))


def cross_encoder(directory):
    """As sentence-transformers 4 and 5 write it."""
    save("BertForSequenceClassification", directory, num_labels=1)
    config = json.loads((directory / "config.json").read_text())
    config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.linear.Identity", "version": "5.0.0"}
    (directory / "config.json").write_text(json.dumps(config))


def sparse_encoder(directory):
    save("BertForMaskedLM", directory)
    modules = [("", "MLMTransformer"), ("1_SpladePooling", "SpladePooling")]
    records = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.sparse_encoder.models.{kind}"}
        for number, (path, kind) in enumerate(modules)
    ]
    (directory / "modules.json").write_text(json.dumps(records))
    (directory / "config_sentence_transformers.json").write_text('{"model_type": "SparseEncoder"}')
    (directory / "sentence_bert_config.json").write_text('{"max_seq_length": 16, "do_lower_case": false}')
    (directory / "1_SpladePooling").mkdir()
    (directory / "1_SpladePooling" / "config.json").write_text('{"pooling_strategy": "max", "word_embedding_dimension": 16}')


def field(number, value):
    """A field of a protocol buffer: a number, or bytes of less than 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def graph(directory):
    """A model whose only weights are ONNX: y = x."""
    save("BertModel", directory)
    (directory / "model.safetensors").unlink()
    kind = field(2, field(1, field(1, 1) + field(2, field(1, field(1, 1)))))
    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    whole = field(1, node) + field(2, b"g") + field(11, field(1, b"x") + kind) + field(12, field(1, b"y") + kind)
    (directory / "model.onnx").write_bytes(field(1, 8) + field(7, whole) + field(8, field(2, 13)))


def part(directory):
    """Weights under a name that transformers does not look for, as those of a part of a pipeline have."""
    save("BertModel", directory)
    (directory / "model.safetensors").rename(directory / "diffusion_pytorch_model.safetensors")


def adapter(directory):
    if has("peft"):
        import transformers
        from peft import LoraConfig, get_peft_model

        base = transformers.AutoModelForCausalLM.from_pretrained(directory.parent / "llama")
        config = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
        get_peft_model(base, config).save_pretrained(directory)
        found = json.loads((directory / "adapter_config.json").read_text())
        found["base_model_name_or_path"] = "org/llama"
        (directory / "adapter_config.json").write_text(json.dumps(found))
        (directory / "README.md").unlink(missing_ok=True)
    else:
        import torch
        from safetensors.torch import save_file

        name = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"
        save_file(
            {name.format("A"): torch.zeros(2, 16), name.format("B"): torch.zeros(16, 2)},
            directory / "adapter_model.safetensors",
        )
        config = {"base_model_name_or_path": "org/llama", "task_type": "CAUSAL_LM", "peft_type": "LORA", "r": 2}
        (directory / "adapter_config.json").write_text(json.dumps(config))


def pipeline(directory):
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

    blocks = {"down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",), "block_out_channels": (8,)}
    unet = UNet2DModel(sample_size=8, layers_per_block=1, norm_num_groups=4, **blocks)
    DDPMPipeline(unet, DDPMScheduler(num_train_timesteps=2)).save_pretrained(directory)


def gguf(directory):
    from gguf import GGUFWriter

    import numpy

    writer = GGUFWriter(str(directory / "tiny-Q8_0.gguf"), "llama")
    writer.add_tensor("token_embd.weight", numpy.zeros((4, 4), numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def table(directory):
    (directory / "train.csv").write_text("a,b\n1,2\n")


# name: how it is made, its source's kind, the README's lines, the modules that running the first of them needs
SHAPES = {
    "adapter": (
        adapter,
        "hf",
        ['PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("org/llama"), "org/adapter")'],
        ["peft"],
    ),
    "bert": (
        lambda at: save("BertModel", at),
        "hf",
        ['AutoModel.from_pretrained("org/bert")  # or knapsack.path("bert")'],
        [],
    ),
    "classes": (
        lambda at: save("BertForSequenceClassification", at),
        "hf",
        ['AutoModelForSequenceClassification.from_pretrained("org/classes")  # or knapsack.path("classes")'],
        [],
    ),
    "code": (
        remote_code,
        "hf",
        [
            'AutoModelForCausalLM.from_pretrained("org/code", trust_remote_code=True)  # or knapsack.path("code")',
            '# or with vLLM: from vllm import LLM; LLM(model=knapsack.path("code"), trust_remote_code=True)',
        ],
        [],
    ),
    "crossing": (
        cross_encoder,
        "hf",
        ['CrossEncoder("org/crossing")  # or knapsack.path("crossing")'],
        ["sentence_transformers"],
    ),
    "embedder": (
        embedder,
        "hf",
        ['SentenceTransformer("org/embedder")  # or knapsack.path("embedder")'],
        ["sentence_transformers"],
    ),
    "gguf": (
        gguf,
        "hf",
        ['Llama(model_path=knapsack.path("gguf") + "/tiny-Q8_0.gguf")  # llama-cpp-python'],
        ["llama_cpp"],
    ),
    "graph": (
        graph,
        "hf",
        ['onnxruntime.InferenceSession(knapsack.path("graph") + "/model.onnx")'],
        ["onnxruntime"],
    ),
    "images": (
        lambda at: save("ViTForImageClassification", at),
        "hf",
        ['AutoModelForImageClassification.from_pretrained("org/images")  # or knapsack.path("images")'],
        [],
    ),
    "llama": (
        lambda at: save("LlamaForCausalLM", at),
        "hf",
        [
            'AutoModelForCausalLM.from_pretrained("org/llama")  # or knapsack.path("llama")',
            '# or with vLLM: from vllm import LLM; LLM(model=knapsack.path("llama"))',
        ],
        [],
    ),
    "local": (
        lambda at: save("BertForMaskedLM", at),
        "path",
        ['AutoModelForMaskedLM.from_pretrained(knapsack.path("local"))'],
        [],
    ),
    "names": (
        own_names,
        "hf",
        [
            'AutoModelForCausalLM.from_pretrained("org/names", trust_remote_code=True)  # or knapsack.path("names")',
            '# or with vLLM: from vllm import LLM; LLM(model=knapsack.path("names"), trust_remote_code=True)',
        ],
        [],
    ),
    "part": (part, "hf", ['knapsack.path("part")'], []),
    "pipeline": (
        pipeline,
        "hf",
        ['DiffusionPipeline.from_pretrained("org/pipeline")  # or knapsack.path("pipeline")'],
        ["diffusers"],
    ),
    "reranker": (
        reranker,
        "hf",
        ['CrossEncoder("org/reranker")  # or knapsack.path("reranker")'],
        ["sentence_transformers"],
    ),
    "rows": (table, "hf-dataset", ['load_dataset("org/rows")  # or knapsack.path("rows")'], ["datasets"]),
    "sparse": (
        sparse_encoder,
        "hf",
        ['SparseEncoder("org/sparse")  # or knapsack.path("sparse")'],
        ["sentence_transformers"],
    ),
    "speech": (
        lambda at: save("WhisperForConditionalGeneration", at),
        "hf",
        ['AutoModelForSpeechSeq2Seq.from_pretrained("org/speech")  # or knapsack.path("speech")'],
        [],
    ),
    "t5": (
        lambda at: save("T5ForConditionalGeneration", at),
        "hf",
        ['AutoModelForSeq2SeqLM.from_pretrained("org/t5")  # or knapsack.path("t5")'],
        [],
    ),
    "table": (table, "path", ['load_dataset(knapsack.path("table"))'], ["datasets"]),
}


def imports(block, line):
    """The imports among a README's lines that one of its lines needs."""
    lines = [text for text in block.splitlines() if text.startswith(("import ", "from "))]
    needed = []
    for text in lines:
        names = text.split(" import ")[-1].removeprefix("import ").split(", ")
        used = [name for name in names if re.search(rf"\b{name}\b", line)]
        if used:
            needed.append(text if text.startswith("import ") else f"{text.split(' import ')[0]} import {', '.join(used)}")
    return "\n".join(needed) + "\n"


@pytest.fixture(scope="module")
def packed(tmp_path_factory, knapsack):
    """A bundle with an entry of each shape."""
    base = tmp_path_factory.mktemp("shapes")
    hub = base / "hub"
    order = sorted(SHAPES, key=lambda name: name == "adapter")  # it is put on another one
    tables = {"model": [], "dataset": []}
    for name in order:
        make, source, _, _ = SHAPES[name]
        if name == "pipeline" and not has("diffusers"):
            continue
        directory = base / "made" / name
        directory.mkdir(parents=True)
        make(directory)
        kind = "dataset" if name in ("rows", "table") else "model"
        tables[kind].append(
            {"name": name, "source": f"path:{directory}" if source == "path" else f"{source}:org/{name}"}
        )
        if kind == "model":
            tables[kind][-1]["license"] = "mit"
        if source != "path":
            repository = hub / f"{kind}s--org--{name}"
            shutil.copytree(directory, repository / "snapshots" / COMMIT)
            (repository / "refs").mkdir()
            (repository / "refs" / "main").write_text(COMMIT)
    (base / "shapes.toml").write_text(manifest("shapes", '[policy]\nremote-code = "allow"', **tables))
    binary = knapsack.with_caches(hub)
    binary("lock", "shapes.toml", cwd=base).expect(0)
    binary("pack", "shapes.toml", "-o", str(base / "bundle"), cwd=base).expect(0)
    return base / "bundle"


@pytest.fixture(scope="module")
def blocks(packed):
    """The README's two blocks of code: what activates, and what loads."""
    return re.findall("```python\n(.*?)```", (packed / "README.md").read_text(), re.DOTALL)


def test_the_first_lines_name_the_dataset_and_work(packed, blocks, tmp_path):
    lines = blocks[0].replace("/kaggle/input", str(packed.parent))
    done = run(packed, lines + "print(len(knapsack.models()))", scratch=tmp_path / "scratch", env={"PYTHONPATH": None})
    assert int(done.stdout) >= len(SHAPES) - 1
    empty = blocks[0].replace("/kaggle/input", str(tmp_path / "empty"))
    done = run(packed, empty, scratch=tmp_path / "scratch", env={"PYTHONPATH": None}, check=False)
    expected = "AssertionError: attach tester/shapes to this notebook (Add Input), then run this cell again"
    assert done.stderr.splitlines()[-1] == expected
    assert max(map(len, blocks[0].splitlines())) <= 100


@pytest.mark.parametrize("name", SHAPES)
def test_the_lines_of_each_shape(blocks, name):
    if name == "pipeline" and not has("diffusers"):
        pytest.skip("diffusers is not installed")
    for line in SHAPES[name][2]:
        assert line in blocks[1].splitlines(), blocks[1]


@pytest.mark.parametrize("name", [name if name == "llama" else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES])
def test_the_lines_run(packed, blocks, name, tmp_path):
    missing = [module for module in SHAPES[name][3] if not has(module)]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    line = SHAPES[name][2][0]
    assert line in blocks[1].splitlines()
    variants = [line] + ([re.sub(r'"org/\w+"', f'knapsack.path("{name}")', line)] if "# or" in line else [])
    for variant in variants:
        code = (
            "import knapsack\nknapsack.activate()\n"
            + imports(blocks[1], line)
            + f"loaded = {variant}\nprint(type(loaded).__name__)\n"
        )
        env = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONPATH": str(packed)}
        done = run(packed, code, scratch=tmp_path / "scratch", env=env, check=False)
        assert done.returncode == 0 and done.stdout.strip(), done.stderr
