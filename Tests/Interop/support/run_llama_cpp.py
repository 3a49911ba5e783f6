"""Runs models by transformers and their GGUF files by llama.cpp, and prints how far apart they are: a JSON line each.

    python run_llama_cpp.py [--sentence] MODEL_DIRECTORY=FILE.gguf...

Of a model that writes the line has the mean Kullback-Leibler divergence of the next token's probabilities after each of
24 random tokens; where it has an encoder, too, that has read 24 others. Of one that does not write it has how far the
vectors of 24 tokens are apart, and the cosine of their means; of a classifier how far its scores are apart. With
`--sentence` it has the cosine of the means of a sentence, which each side has cut into tokens itself.
"""

import json
import os
import sys

import llama_cpp
import numpy
import torch
import transformers
from llama_cpp import LLAMA_POOLING_TYPE_MEAN, LLAMA_POOLING_TYPE_NONE, LLAMA_POOLING_TYPE_RANK, Llama

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
    return divergence_of(expected, found)


def divergence_of(expected: torch.Tensor, found: torch.Tensor) -> dict:
    """Of logits, a row for each token."""
    width = min(expected.shape[1], found.shape[1])
    # Tokens that llama.cpp never writes have the least number.
    written = (found[:, :width] > -1e30).all(0)
    expected, found = (values[:, :width][:, written].log_softmax(-1) for values in (expected, found))
    width = int(written.sum())
    divergence = (expected.exp() * (expected - found)).sum(-1)
    spread = (expected.exp() * (expected + numpy.log(width))).sum(-1)
    return {"kl": divergence.mean().item(), "worst": divergence.max().item(), "from uniform": spread.mean().item()}


def some_tokens(llama: Llama, seed: int = 7) -> list[int]:
    return numpy.random.default_rng(seed).integers(5, llama.n_vocab() - 5, TOKENS).tolist()


def compute(llama: Llama, of, tokens: list[int]) -> None:
    """Runs tokens by `llama_encode` or `llama_decode`, so that each has an answer."""
    batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for place, token in enumerate(tokens):
        batch.token[place], batch.pos[place], batch.n_seq_id[place], batch.logits[place] = token, place, 1, True
        batch.seq_id[place][0] = 0
    done = of(llama.ctx, batch)
    llama_cpp.llama_batch_free(batch)
    assert done == 0, done


def rows(of, llama: Llama, count: int, width: int) -> torch.Tensor:
    """What `llama_get_embeddings_ith` or `llama_get_logits_ith` has of each token."""
    return torch.tensor([of(llama.ctx, place)[:width] for place in range(count)], dtype=torch.float64)


def states(directory: str, path: str) -> dict:
    """Of a model without a head."""
    reference = transformers.AutoModel.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    if reference.config.model_type in ("t5", "umt5"):
        reference = transformers.T5EncoderModel.from_pretrained(directory, dtype=torch.float32).eval()
    llama = open_gguf(path, embedding=True, pooling_type=LLAMA_POOLING_TYPE_NONE)
    tokens = some_tokens(llama)
    with torch.no_grad():
        expected = reference(input_ids=torch.tensor([tokens])).last_hidden_state[0].double()
    reads = llama_cpp.llama_model_has_encoder(llama.model)
    compute(llama, llama_cpp.llama_encode if reads else llama_cpp.llama_decode, tokens)
    found = rows(llama_cpp.llama_get_embeddings_ith, llama, TOKENS, expected.shape[1])
    apart = (found - expected).abs().max() / expected.abs().max()
    # Where a token's vector is that of its number alone, or all are alike, no mistake is seen.
    spread = (expected - expected.mean(0)).norm() / expected.norm()
    cosine = torch.cosine_similarity(expected.mean(0), found.mean(0), dim=0)
    return {"apart": apart.item(), "cosine": cosine.item(), "spread": spread.item()}


def scores(directory: str, path: str) -> dict:
    """Of a classifier."""
    reference = transformers.AutoModelForSequenceClassification.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    llama = open_gguf(path, embedding=True, pooling_type=LLAMA_POOLING_TYPE_RANK)
    pairs = []
    for seed in range(4):
        tokens = some_tokens(llama, seed)
        with torch.no_grad():
            expected = reference(input_ids=torch.tensor([tokens])).logits[0].double()
        compute(llama, llama_cpp.llama_decode, tokens)
        assert llama_cpp.llama_model_n_cls_out(llama.model) == len(expected)
        pairs.append((expected, torch.tensor(llama_cpp.llama_get_embeddings_seq(llama.ctx, 0)[: len(expected)], dtype=torch.float64)))
    expected, found = (torch.stack(side) for side in zip(*pairs, strict=True))
    apart = (found - expected).abs().max() / expected.abs().max()
    spread = (expected - expected.mean(0)).norm() / expected.norm()
    return {"apart": apart.item(), "spread": spread.item()}


def translator(directory: str, path: str) -> dict:
    """Of a model whose decoder reads what its encoder has read."""
    reference = transformers.AutoModelForSeq2SeqLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    llama = open_gguf(path)
    read, written = some_tokens(llama), [llama_cpp.llama_model_decoder_start_token(llama.model), *some_tokens(llama, 8)[1:]]
    with torch.no_grad():
        expected = reference(input_ids=torch.tensor([read]), decoder_input_ids=torch.tensor([written])).logits[0].double()
    config = reference.config
    if getattr(config, "scale_decoder_outputs", config.model_type == "umt5"):
        # llama.cpp does not divide by this.
        expected *= config.d_model**0.5
    compute(llama, llama_cpp.llama_encode, read)
    compute(llama, llama_cpp.llama_decode, written)
    return divergence_of(expected, rows(llama_cpp.llama_get_logits_ith, llama, TOKENS, expected.shape[1]))


def sentence(directory: str, path: str) -> dict:
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    reference = transformers.AutoModel.from_pretrained(directory, dtype=torch.float32).eval()
    with torch.no_grad():
        expected = reference(**tokenizer(TEXT, return_tensors="pt")).last_hidden_state[0].mean(0).double()
    llama = open_gguf(path, embedding=True, pooling_type=LLAMA_POOLING_TYPE_MEAN)
    found = torch.tensor(llama.embed(TEXT), dtype=torch.float64)
    return {"cosine": torch.cosine_similarity(expected, found, dim=0).item()}


def kind(directory: str):
    config = transformers.AutoConfig.from_pretrained(directory)
    (name,) = config.architectures
    if name.endswith("ForSequenceClassification"):
        return scores
    if name.endswith(("Model", "ForMaskedLM")) and name != "GPT2LMHeadModel":
        return states
    return translator if getattr(config, "is_encoder_decoder", False) else causal


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers.logging.set_verbosity_error()
    pairs = sys.argv[1:]
    whole = pairs[:1] == ["--sentence"]
    for pair in pairs[whole:]:
        directory, _, path = pair.rpartition("=")
        run = sentence if whole else kind(directory)
        print(json.dumps({"model": os.path.basename(directory)} | run(directory, path)), flush=True)
