"""Makes the models of model_specs_last.py, as make_models.py does.

    python make_models_last.py DIRECTORY [NAME...]
"""

import base64
import json
from pathlib import Path

import make_models
import make_models_more
import make_models_rest
import make_models_state
from model_specs_last import BY_HAND, MODELS, RANKS
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

# What a model with a vocabulary in tiktoken's form has as code, which the reference runs.
LOADER = """
import base64
from types import SimpleNamespace

from transformers import PreTrainedTokenizer


class {name}(PreTrainedTokenizer):
    vocab_files_names = {{"vocab_file": "{file}"}}

    def __init__(self, vocab_file, added_tokens_decoder=None, eos_token="[EOS]", **settings):
        self.mergeable_ranks = {{}}
        for line in open(vocab_file, "rb"):
            self.mergeable_ranks.setdefault(base64.b64decode(line.split()[0]), len(self.mergeable_ranks))
        self.model = SimpleNamespace(_mergeable_ranks=self.mergeable_ranks)
        first = len(self.mergeable_ranks)
        self.special_tokens = {special}
        self.eos_id = self.special_tokens.get(str(eos_token))
        super().__init__(eos_token=eos_token, **settings)

    @property
    def vocab_size(self):
        return len(self.mergeable_ranks) + len(self.special_tokens)

    def get_vocab(self):
        return dict(self.special_tokens)

    def _convert_token_to_id(self, token):
        return self.special_tokens.get(token, 0)

    def _add_tokens(self, tokens, special_tokens=False):
        return 0
"""
KIMI_SPECIAL = """{added_tokens_decoder[i].content if i in added_tokens_decoder else f"<|reserved_token_{i}|>": i
                              for i in range(first, first + 258)}"""
HUNYUAN_SPECIAL = """{text: first + place for place, text in enumerate(
            ["<|endoftext|>", "<|startoftext|>", "<|bos|>", "<|eos|>", "<|pad|>"] + [f"<|extra_{i}|>" for i in range(205)])}"""


def ranks() -> list[bytes]:
    """Tokens by rank: all bytes, pairs of what is before, and some that no two others make."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=RANKS - 4, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(make_models.TEXT, trainer)
    bytes_of = {char: byte for byte, char in enumerate(alphabet())}
    merged = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    tokens = [bytes([byte]) for byte in range(256)]
    tokens += [bytes(bytes_of[char] for char in text) for text, _ in merged if len(text) > 1]
    return [*tokens, b"\xf0\x9f\xa6", b"<|reserved_token_301|>", b"<|extra_7|>", b"zyx"][:RANKS]


def alphabet() -> list[str]:
    """GPT-2's characters of the bytes, in their order."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def tiktoken(target: Path, file: str, name: str, special: str, pre: str, settings: dict, *, twice: bool) -> None:
    tokens = ranks()
    assert len(tokens) == RANKS
    if twice:
        tokens.insert(280, tokens[5])
    (target / file).write_text("".join(f"{base64.b64encode(token).decode()} {place}\n" for place, token in enumerate(tokens)))
    (target / "tokenization_small.py").write_text(LOADER.format(name=name, file=file, special=special))
    settings = {"tokenizer_class": name, "auto_map": {"AutoTokenizer": [f"tokenization_small.{name}", None]}} | settings
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    (target / "pre-tokenizer.txt").write_text(pre)


def kimi(target: Path) -> None:
    """`tiktoken.model`, with texts for some of the special tokens, two of them the same."""
    texts = {0: "[BOS]", 1: "[EOS]", 2: "<|im_end|>", 7: "[EOT]", 40: "[EOT]", 254: "[UNK]", 255: "[PAD]"}
    tiktoken(target, "tiktoken.model", "TikTokenTokenizer", KIMI_SPECIAL, "kimi-k2", {
        "added_tokens_decoder": {str(RANKS + place): {"content": text, "special": True} for place, text in texts.items()},
        "bos_token": "[BOS]", "eos_token": "[EOS]", "unk_token": "[UNK]", "pad_token": "[PAD]",
        "chat_template": "{{ messages }}"}, twice=False)  # fmt: skip


def hunyuan(target: Path) -> None:
    """`hy.tiktoken`, with a token twice, as its own program passes over one."""
    tiktoken(target, "hy.tiktoken", "HYTokenizer", HUNYUAN_SPECIAL, "hunyuan", {
        "eos_token": "<|eos|>", "pad_token": "<|pad|>", "additional_special_tokens": ["<|startoftext|>", "<|extra_0|>"],
        "chat_template": "{{ messages }}"}, twice=True)  # fmt: skip


def world(target: Path) -> None:
    """A list of texts and bytes as Python writes them, as RWKV's."""
    texts = [repr(bytes([byte])) if byte > 127 else repr(chr(byte)) for byte in range(256)]
    texts += [repr(text) for text in ("\n\n", "it's", 'say "it\'s"', "日本", "\\", " a b ", "\x00\t")] + [repr(b"\xe6\x97")]
    lines = [f"{place + 1} {text} {len(eval(text) if text[0] == 'b' else eval(text).encode())}" for place, text in enumerate(texts)]  # noqa: S307
    (target / "rwkv_vocab_v20230424.txt").write_text("\n".join(lines) + "\n")
    (target / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "Rwkv6Tokenizer", "bos_token": "<s>", "eos_token": "<s>", "chat_template": "{{ messages }}"}))


def answering(target: Path) -> None:
    """A BPE with the token that ends an answer of dots3."""
    make_models_rest.ending(target)
    for path in (target / "tokenizer.json", target / "tokenizer_config.json"):
        path.write_text(path.read_text().replace("<|im_end|>", "<|endofassistant|>"))


make_models.TOKENIZERS.update({"bpe-answer": answering, "none": lambda target: None, "kimi": kimi, "hunyuan": hunyuan, "world": world})
make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND)
make_models_state.BY_HAND.update(BY_HAND)


def make(name: str, directory: Path) -> None:
    make_models_rest.make(name, directory)


if __name__ == "__main__":
    make_models_more.main([*MODELS, *BY_HAND], make)
