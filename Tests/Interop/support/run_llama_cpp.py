"""Runs models by transformers and their GGUF files by llama.cpp, and prints how far apart they are: a JSON line each.

    python run_llama_cpp.py MODEL_DIRECTORY=FILE.gguf...

Of a causal model the line has the mean Kullback-Leibler divergence of the next token's probabilities after each of 24
random tokens, of an encoder the cosine between the mean vectors of a sentence.
"""

import json
import os
import sys

import numpy
import torch
import transformers
from llama_cpp import LLAMA_POOLING_TYPE_MEAN, Llama

# Fewer than the shortest window of attention, which llama.cpp knows of some families only.
TOKENS = 24
TEXT = "A sack of models, packed for a place without internet."
F32 = 0


def open_gguf(path: str, **options) -> Llama:
    # A cache of keys and values in 16 bits would be all that is measured.
    return Llama(path, n_ctx=64, n_batch=64, n_threads=1, type_k=F32, type_v=F32, verbose=False, **options)


def causal(directory: str, path: str) -> dict:
    config = transformers.AutoConfig.from_pretrained(directory)
    (name,) = config.architectures
    # Of a class with several parts, that for text alone is run.
    has_parts = name.endswith("ForConditionalGeneration") and hasattr(transformers, name)
    of = getattr(transformers, name) if has_parts else transformers.AutoModelForCausalLM
    reference = of.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    llama = open_gguf(path, logits_all=True)
    size = getattr(getattr(config, "thinker_config", config), "text_config", config).vocab_size
    tokens = numpy.random.default_rng(7).integers(5, min(size, llama.n_vocab()) - 5, TOKENS).tolist()
    with torch.no_grad():
        expected = reference(input_ids=torch.tensor([tokens])).logits[0].double()
    llama.eval(tokens)
    found = torch.tensor(numpy.array(llama.scores[:TOKENS]), dtype=torch.float64)
    width = min(expected.shape[1], found.shape[1])
    expected, found = (values[:, :width].log_softmax(-1) for values in (expected, found))
    divergence = (expected.exp() * (expected - found)).sum(-1)
    spread = (expected.exp() * (expected + numpy.log(width))).sum(-1)
    return {"kl": divergence.mean().item(), "worst": divergence.max().item(), "from uniform": spread.mean().item()}


def encoder(directory: str, path: str) -> dict:
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    reference = transformers.AutoModel.from_pretrained(directory, dtype=torch.float32).eval()
    with torch.no_grad():
        expected = reference(**tokenizer(TEXT, return_tensors="pt")).last_hidden_state[0].mean(0).double()
    llama = open_gguf(path, embedding=True, pooling_type=LLAMA_POOLING_TYPE_MEAN)
    found = torch.tensor(llama.embed(TEXT), dtype=torch.float64)
    return {"cosine": torch.cosine_similarity(expected, found, dim=0).item()}


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers.logging.set_verbosity_error()
    for pair in sys.argv[1:]:
        directory, _, path = pair.rpartition("=")
        kind = transformers.AutoConfig.from_pretrained(directory).model_type
        run = encoder if kind in ("bert", "roberta", "xlm-roberta", "nomic_bert") else causal
        print(json.dumps({"model": os.path.basename(directory)} | run(directory, path)), flush=True)
