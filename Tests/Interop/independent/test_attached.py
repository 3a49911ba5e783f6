"""Several bundles in one notebook, and the lines of a bundle's README, with the real huggingface_hub.

Which class a line names follows from the libraries' own code: transformers 5.23's auto classes, sentence-transformers 6.2,
diffusers 0.42 and PEFT 0.21.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import numpy
import pytest
from cli import manifest
from gguf import GGUFWriter
from instances import CARD, LLAMA, model, safetensors


def repository(cache, name, files, commit="a" * 40, ref="main", kind="models"):
    """A snapshot as huggingface_hub leaves it."""
    folder = cache / f"{kind}--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "blobs").mkdir(exist_ok=True)
    (folder / "refs" / ref).write_text(commit)
    for path, content in files.items():
        content = json.dumps(content) if isinstance(content, dict | list) else content
        content = content.encode() if isinstance(content, str) else content
        large = path.endswith((".safetensors", ".gguf"))
        digest = hashlib.sha256(content) if large else hashlib.sha1(b"blob %d\0" % len(content) + content)
        (folder / "blobs" / digest.hexdigest()).write_bytes(content)
        at = folder / "snapshots" / commit / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.symlink_to(os.path.relpath(folder / "blobs" / digest.hexdigest(), at.parent))


@pytest.fixture(scope="module")
def attached(knapsack, tmp_path_factory):
    """Three bundles: two revisions of one model, one of them again with another model, and a directory of the same name."""
    root = tmp_path_factory.mktemp("attached")
    cache = root / "hub"
    repository(cache, "org/a", model(), "a" * 40)
    repository(cache, "org/a", model(**{"new.json": "{}"}), "b" * 40, ref="v2")
    repository(cache, "org/b", model(**{"b.json": "{}"}), "c" * 40)
    repository(cache, "org/rows", {"README.md": CARD, "t.csv": "a\n1\n"}, "d" * 40, kind="datasets")
    (root / "own").mkdir()
    for path, content in model(**{"own.json": "{}"}).items():
        (root / "own" / path).write_bytes(json.dumps(content).encode() if isinstance(content, dict) else content if isinstance(content, bytes) else content.encode())
    entries = {
        "bundle-one": dict(model=[{"name": "a", "source": "hf:org/a@main"}, {"name": "a-v2", "source": "hf:org/a@v2"}]),
        "bundle-two": dict(model=[{"name": "a", "source": "hf:org/a@v2"}, {"name": "b", "source": "hf:org/b@" + "c" * 40}], dataset=[{"name": "rows", "source": "hf-dataset:org/rows@main"}]),
        "bundle-three": dict(model=[{"name": "a", "source": "path:own"}]),
    }
    for name, tables in entries.items():
        (root / f"{name}.toml").write_text(manifest(name, **tables))
        knapsack.with_caches(cache)("pack", root / f"{name}.toml", "-o", root / "input" / name).expect(0)
    return root


def run(root, code, first="bundle-one", folder="input"):
    start = f"import sys; sys.path.insert(0, {str(root / folder / first)!r}); import knapsack; knapsack.activate()\nimport os, huggingface_hub as hub\n"
    variables = {"PATH": os.environ["PATH"], "HOME": str(root / "home"), "KNAPSACK_SCRATCH": str(root / "scratch"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-W", "ignore", "-c", start + code], env=variables, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("first", ["bundle-one", "bundle-two", "bundle-three"])
def test_all_bundles_are_served_from_whichever_loader_is_imported(attached, first):
    code = (
        "def files(name, **more): return sorted(os.listdir(hub.snapshot_download(name, **more)))\n"
        "assert 'new.json' not in files('org/a') and 'new.json' in files('org/a', revision='v2')\n"
        "assert 'b.json' in files('org/b') and 'new.json' in files('org/a', revision='" + "b" * 40 + "')\n"
        "assert hub.HfApi().model_info('org/b').sha == '" + "c" * 40 + "'\n"
        "assert hub.list_repo_files('org/rows', repo_type='dataset') == ['README.md', 't.csv']\n"
        "assert hub.HfFileSystem().read_text('datasets/org/rows/t.csv') == 'a\\n1\\n'\n"
        "assert 'new.json' in os.listdir(knapsack.path('bundle-two/a')) and 'own.json' in os.listdir(knapsack.path('bundle-three/a'))\n"
        "assert 'b.json' in os.listdir(knapsack.path('b')) and hub.file_exists('org/b', 'b.json') and not hub.file_exists('org/b', 'x')\n"
        "print(knapsack.path('a'))"
    )
    done = run(attached, code, first)
    assert done.returncode == 0, done.stderr
    assert "bundle-two/a" in done.stderr and "bundle-three/a" in done.stderr
    assert done.stdout.strip().endswith("bundle-one/models/a")


ASKED = {
    "hub.snapshot_download('org/none')": ["org/none", "org/a", "org/b"],
    "hub.hf_hub_download('org/a', 'nope.json')": ["nope.json"],
    "hub.HfApi().dataset_info('org/none')": ["org/none", "org/rows"],
    "hub.HfApi().model_info('org/a', revision='v9')": ["v9", "a" * 40],
    "knapsack.path('none')": ["none", "a-v2"],
    "knapsack.path('bundle-two/none')": ["none"],
    "import kagglehub; kagglehub.model_download('a/b/transformers/c/1')": ["a/b/transformers/c/1"],
}


@pytest.mark.parametrize("call", ASKED)
def test_what_no_bundle_has_gets_a_line_that_lists_what_there_is(attached, call):
    done = run(attached, call)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert all(word in last for word in ASKED[call]), last
    assert "internet connection" not in done.stderr


@pytest.mark.parametrize("change", ["{", '{"version": 99}', ""])
def test_a_bundle_that_is_broken_does_not_stop_the_others(attached, change):
    broken = attached / "input" / "broken"
    shutil.copytree(attached / "input" / "bundle-three", broken)
    try:
        (broken / "knapsack.lock").chmod(0o644)
        (broken / "knapsack.lock").write_text(change)
        done = run(attached, "print(sorted(os.listdir(knapsack.path('b'))))")
    finally:
        shutil.rmtree(broken)
    assert done.returncode == 0 and "b.json" in done.stdout
    assert "broken" in done.stderr


def test_processes_that_start_later_find_the_bundles(attached):
    code = "import subprocess; print(subprocess.run([sys.executable, '-c', 'import huggingface_hub as h; print(h.HfApi().model_info(\"org/b\").sha)'], capture_output=True, text=True).stdout)"
    assert run(attached, code).stdout.strip() == "c" * 40


def config(architecture, kind, **more):
    return {"config.json": {"architectures": [architecture], "model_type": kind, **more}}


ST = "sentence_transformers.models."
MODULES = [{"idx": 0, "name": "0", "path": "", "type": ST + "Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": ST + "Pooling"}]
IMAGES = {"preprocessor_config.json": {"image_processor_type": "ViTImageProcessor"}}
PIPE = {"README.md": CARD, "model_index.json": {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]},
        "unet/config.json": {"_class_name": "UNet2DModel"}, "unet/diffusion_pytorch_model.safetensors": safetensors(), "scheduler/scheduler_config.json": {}}


def lora(task, base):
    return {"README.md": CARD, "adapter_model.safetensors": safetensors(),
            "adapter_config.json": {"peft_type": "LORA", "task_type": task, "base_model_name_or_path": base, "r": 2, "target_modules": ["q_proj"]}}


SHAPES = {
    "causal": (model(), 'AutoModelForCausalLM.from_pretrained("org/causal")'),
    "classes": (model(**config("LlamaForSequenceClassification", "llama")), 'AutoModelForSequenceClassification.from_pretrained("org/classes")'),
    "masked": (model(**config("BertForMaskedLM", "bert")), 'AutoModelForMaskedLM.from_pretrained("org/masked")'),
    "encoder": (model(**config("DebertaV2Model", "deberta-v2")), 'AutoModel.from_pretrained("org/encoder")'),
    "tokens": (model(**config("DebertaV2ForTokenClassification", "deberta-v2")), 'AutoModelForTokenClassification.from_pretrained("org/tokens")'),
    "translator": (model(**config("T5ForConditionalGeneration", "t5")), 'AutoModelForSeq2SeqLM.from_pretrained("org/translator")'),
    "images": (model(**config("ViTForImageClassification", "vit"), **IMAGES), 'AutoModelForImageClassification.from_pretrained("org/images")'),
    "boxes": (model(**config("DetrForObjectDetection", "detr"), **IMAGES), 'AutoModelForObjectDetection.from_pretrained("org/boxes")'),
    "speech": (model(**config("WhisperForConditionalGeneration", "whisper"), **{"preprocessor_config.json": {}}), 'AutoModelForSpeechSeq2Seq.from_pretrained("org/speech")'),
    "sentences": (model(**config("BertModel", "bert"), **{"modules.json": MODULES, "1_Pooling/config.json": {"word_embedding_dimension": 4}}), 'SentenceTransformer("org/sentences")'),
    "own-code": (model(**config("MyForCausalLM", "mine", auto_map={"AutoConfig": "mine.C", "AutoModelForCausalLM": "mine.M"}), **{"mine.py": ""}), 'AutoModelForCausalLM.from_pretrained("org/own-code", trust_remote_code=True)'),
    "own-sentences": (model(**config("NewModel", "new", auto_map={"AutoConfig": "mine.C", "AutoModel": "mine.M"}), **{"mine.py": "", "modules.json": MODULES, "1_Pooling/config.json": {}}), 'SentenceTransformer("org/own-sentences", trust_remote_code=True)'),
    "pipeline": (PIPE, 'DiffusionPipeline.from_pretrained("org/pipeline")'),
    "adapter": (lora("CAUSAL_LM", "org/causal"), 'PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("org/causal"), "org/adapter")'),
    "adapter-of-classes": (lora("SEQ_CLS", "org/classes"), 'PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained("org/classes"), "org/adapter-of-classes")'),
    "adapter-of-own-code": (lora("CAUSAL_LM", "org/own-code"), 'PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("org/own-code", trust_remote_code=True), "org/adapter-of-own-code")'),
    "own-class": (model(**config("MyModel", "mine", auto_map={"AutoConfig": "mine.C", "AutoModelForSeq2SeqLM": "mine.MyModel"}), **{"mine.py": ""}), 'AutoModelForSeq2SeqLM.from_pretrained("org/own-class", trust_remote_code=True)'),
    "adapter-of-own-class": (lora("CAUSAL_LM", "org/own-class"), 'PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained("org/own-class", trust_remote_code=True), "org/adapter-of-own-class")'),
    "gguf": ({"README.md": CARD, "m-Q8_0.gguf": b""}, 'Llama(model_path=knapsack.path("gguf") + "/m-Q8_0.gguf")'),
    "gguf-in-parts": ({"README.md": CARD, "q/m-00001-of-00002.gguf": b"", "q/m-00002-of-00002.gguf": b""}, 'Llama(model_path=knapsack.path("gguf-in-parts") + "/q/m-00001-of-00002.gguf")'),
    "quantized": (model(**{"config.json": {**LLAMA, "quantization_config": {"quant_method": "awq", "bits": 4}}}), 'LLM(model=knapsack.path("quantized"))'),
}  # fmt: skip


@pytest.fixture(scope="module")
def readme(knapsack, tmp_path_factory):
    root = tmp_path_factory.mktemp("readme")
    writer = GGUFWriter(root / "x.gguf", "llama")
    writer.add_tensor("blk.0.attn_q.weight", numpy.zeros((32, 32), numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    # Of what the configurations ask for, these models have nothing: only the lines are of interest.
    allowed = ["named-file-missing", "gguf-broken", "processor-missing", "shard-missing", "tensor-missing"]
    entries = []
    for name, (files, _) in SHAPES.items():
        files = {path: (root / "x.gguf").read_bytes() if path.endswith(".gguf") else content for path, content in files.items()}
        repository(root / "hub", f"org/{name}", files, hashlib.sha1(name.encode()).hexdigest())
        entries.append({"name": name, "source": f"hf:org/{name}@main", "allow": allowed})
    (root / "m.toml").write_text(manifest(head='\n[policy]\nremote-code = "allow"\n', model=entries))
    knapsack.with_caches(root / "hub")("pack", root / "m.toml", "-o", root / "b").expect(0)
    return (root / "b" / "README.md").read_text()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_readme_has_the_line_that_loads_an_entry(readme, shape):
    line = SHAPES[shape][1]
    # vLLM is told of in a comment.
    assert any(text.split("  #")[0].removeprefix("# or with vLLM: from vllm import LLM; ").strip() == line for text in readme.splitlines()), line
    name = line.split("(")[0].split(".")[0]
    assert re.search(rf"^(from \S+ )?import .*\b{name}\b|from vllm import {name}", readme, re.MULTILINE), name


def test_the_readmes_code_is_python(readme):
    for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL):
        compile(block, "README.md", "exec")
