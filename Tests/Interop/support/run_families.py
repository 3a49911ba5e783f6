"""Which classes of models test_llama_runs.py runs, for it and for what docs/gguf-runs.md says of them."""

import re
from pathlib import Path

import model_specs
import model_specs_more
from model_specs_runs import RUNS
from model_specs_runs_more import MORE_RUNS

DOCS = Path(__file__).resolve().parents[3] / "docs"

# One of each family, of the models that make_models.py and make_models_more.py make.
FAMILIES = """
    llama llama3-shards llama-linear mistral mixtral granite qwen2 qwen2moe qwen3 qwen3moe-normed gemma gemma2
    gemma3-scaled phi2-wide phi4 gpt2 olmo olmo2 olmo3 starcoder2 stablelm
""".split()
MORE = "deepseek2 deepseek3 falcon gptneox bloom cohere smollm3 glm4 chatglm ernie gpt-oss-plain".split()
OTHER_NAMES = {"GPT2": "GPT2LMHeadModel", "Gemma3Text": "Gemma3ForCausalLM"}


def run_classes() -> set[str]:
    """The classes of all models that are run."""
    families = [(model_specs.MODELS | model_specs_more.MODELS)[name]["family"] for name in [*FAMILIES, *MORE]]
    saved = {spec["class"] for spec in (RUNS | MORE_RUNS).values()}
    return saved | {OTHER_NAMES.get(family, f"{family}ForCausalLM") for family in families}


def equal_classes() -> list[str]:
    """The classes of models of language that docs/gguf-models.md calls equal."""
    page = (DOCS / "gguf-models.md").read_text().split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \| [^|]+ \| equal", page, re.MULTILINE)
