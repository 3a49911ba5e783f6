"""What adapter_config.json states of merging: every key is honoured as PEFT does, or refused by its name. The judge of
expressions is Python's re, with the rule that PEFT's get_pattern_key has."""

import json
import math
import re

import pytest
import torch
from safetensors.torch import load_file, save_file

PARTS = {"q_proj": (16, 16), "k_proj": (8, 16), "v_proj": (8, 16), "o_proj": (16, 16)}
MODULES = [f"model.layers.{layer}.self_attn.{part}" for layer in range(3) for part in PARTS]


class Merge:
    """A base model, and an adapter of whole numbers, which every order of additions gives the same sums of."""

    def __init__(self, knapsack, folder):
        self.knapsack, self.folder = knapsack, folder
        generator = torch.Generator().manual_seed(7)
        self.base = {f"{name}.weight": self.numbers(PARTS[name.split(".")[-1]], generator) for name in MODULES}
        self.base |= {
            "model.embed_tokens.weight": self.numbers((12, 16), generator),
            "model.norm.weight": self.numbers((16,), generator),
            "model.layers.0.self_attn.q_proj.bias": self.numbers((16,), generator),
        }
        self.write(folder / "base", self.base, "model.safetensors")
        (folder / "base" / "config.json").write_text('{"model_type": "llama"}')
        self.generator = generator

    @staticmethod
    def numbers(shape, generator):
        return torch.randint(-3, 4, shape, generator=generator).float()

    @staticmethod
    def write(folder, tensors, name):
        folder.mkdir(exist_ok=True)
        save_file(tensors, folder / name, metadata={"format": "pt"})

    def adapter(self, modules, ranks=None, extra=None, config=None):
        """Writes an adapter; the pairs by their modules."""
        pairs, stored = {}, dict(extra or {})
        for module in modules:
            rows, columns = PARTS[module.split(".")[-1]]
            rank = (ranks or {}).get(module, 2)
            pairs[module] = (self.numbers((rank, columns), self.generator), self.numbers((rows, rank), self.generator))
            for half, tensor in zip("AB", pairs[module], strict=True):
                stored[f"base_model.model.{module}.lora_{half}.weight"] = tensor
        self.write(self.folder / "adapter", stored, "adapter_model.safetensors")
        said = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": list(PARTS), **(config or {})}
        (self.folder / "adapter" / "adapter_config.json").write_text(json.dumps(said))
        return pairs

    def run(self, *words):
        return self.knapsack(
            "convert", self.folder / "base", self.folder / "out", "--dtype", "f32",
            "--merge", self.folder / "adapter", *words)  # fmt: skip

    def result(self):
        self.run().expect(0)
        return load_file(self.folder / "out" / "model.safetensors")

    def refused(self, *words):
        done = self.run()
        done.expect(1, 2)
        for word in words:
            assert word in done.stderr, done.stderr
        assert not (self.folder / "out").exists()

    def expected(self, pairs, scale):
        weights = dict(self.base)
        for module, (a, b) in pairs.items():
            weights[f"{module}.weight"] = weights[f"{module}.weight"] + (b @ a) * scale(module)
        return weights


@pytest.fixture
def merge(knapsack, tmp_path):
    return Merge(knapsack, tmp_path)


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def peft_value(patterns, module, standard):
    """PEFT 0.21.2, get_pattern_key: the first expression that matches decides."""
    for key, value in patterns.items():
        if re.match(rf"(.*\.)?({key})$", module):
            return value
    return standard


PATTERNS = [
    {"q_proj": 8},
    {"layers.1.self_attn.q_proj": 8},
    {r"layers\.(0|2)\..*v_proj|k_proj": 16},
    {r"^model\.layers\.0\.self_attn\.q_proj": 8, "q_proj": 1},
    {"proj": 8},
    {r".*_proj": 8, "q_proj": 16},
    {r"model\.layers\.[12]\.self_attn\.[qv]_proj": 8},
    {r"model\.layers\.(?!1\.).*\.k_proj": 8},
    {r"(?:self_attn\.)?o_proj": 8, r"layers\.\d+\.self_attn\.\w+": 2},
    {r"layers\.1{1,3}\..+?_proj": 8},
    {r"[^kv]_proj": 8},
    {r"\bq_proj\b": 8},
    {r"self_attn\.q_pro": 8},
    {"a)|(?:q_proj": 8},
]


@pytest.mark.parametrize("patterns", PATTERNS, ids=[" ".join(pattern) for pattern in PATTERNS])
def test_alpha_pattern_is_pefts(merge, patterns):
    pairs = merge.adapter(MODULES, config={"alpha_pattern": patterns})
    same(merge.result(), merge.expected(pairs, lambda module: peft_value(patterns, module, 4) / 2))


@pytest.mark.smoke
def test_rank_pattern_is_pefts(merge):
    patterns = {r"^model.*\.0\..*\.q_proj": 4, "q_proj": 1}
    ranks = {module: peft_value(patterns, module, 2) for module in MODULES}
    pairs = merge.adapter(MODULES, ranks=ranks, config={"rank_pattern": patterns})
    same(merge.result(), merge.expected(pairs, lambda module: 4 / ranks[module]))


@pytest.mark.smoke
def test_a_rank_that_the_configuration_does_not_say_is_an_error(merge):
    merge.adapter(MODULES, ranks={MODULES[3]: 3})
    merge.refused(MODULES[3], "rank 3")


def test_rslora_divides_by_the_root(merge):
    ranks = dict.fromkeys(MODULES, 4)
    pairs = merge.adapter(MODULES, ranks=ranks, config={"use_rslora": True, "r": 4})
    same(merge.result(), merge.expected(pairs, lambda module: 4 / math.sqrt(4)))


@pytest.mark.parametrize(
    "expression", [r"(?i:q_proj)", r"(q)_\1", r"(?<=\.)q_proj", "q_proj*+", r"(?>q)_proj", "q_proj{", r"\Qq", "[q[a]",
                   "(a*)*", "q(", "ü"]  # fmt: skip
)
def test_an_expression_that_is_not_understood_is_named(merge, expression):
    merge.adapter(MODULES, config={"alpha_pattern": {expression: 8}})
    merge.refused("alpha_pattern", "which is not taken")


REFUSED = {
    "use_dora": [True, "yes"],
    "use_qalora": [True],
    "lora_bias": [True],
    "ensure_weight_tying": [True],
    "alora_invocation_tokens": [[1, 2]],
    "arrow_config": [{"top_k": 2}],
    "enable_lora": [[True, False]],
    "kasa_config": [{"beta": 0.1}],
    "layer_replication": [[[0, 2], [1, 3]]],
    "megatron_config": [{"a": 1}],
    "monteclora_config": [{"num_samples": 2}],
    "target_parameters": [["mlp.experts.down_proj"]],
    "trainable_token_indices": [[], [1], {"embed_tokens": [1]}],
    "use_bdlora": [{"nblocks": 2}],
    "velora_config": [{"num_groups": 2}],
    "init_lora_weights": ["pissa", "pissa_niter_16", "olora", "OLoRA", "corda", "loftq", "lora_ga", "zeros", 1, ""],
    "bias": ["lora", None],
    "lora_alpha": ["8", True, None],
    "r": [0, 2.5, True],
    "lora_dropout": [None, 1.5],
    "task_type": ["CAUSAL_LM ", "causal_lm", "", 5],
    "use_rslora": [1],
    "fan_in_fan_out": ["false"],
    "peft_type": ["lora"],
    "rank_pattern": [{"q_proj": 0}, {"q_proj": 2.5}, []],
    "alpha_pattern": [{"q_proj": "8"}],
    "modules_to_save": ["lm_head"],
    "target_modules": [None, 4],
    "layers_to_transform": ["1"],
    "layers_pattern": ["layers"],
    "future_option": [None, True],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in REFUSED.items() for value in values], ids=repr
)
def test_what_cannot_be_honoured_is_refused_by_its_name(merge, key, value):
    merge.adapter(MODULES, config={key: value})
    merge.refused(key)


HARMLESS = {
    "task_type": "CAUSAL_LM", "auto_mapping": {"base_model_class": "L"}, "peft_version": "0.21.2",
    "base_model_name_or_path": "somewhere", "revision": "main", "inference_mode": True, "lora_dropout": 0.3,
    "megatron_core": "megatron.core", "loftq_config": {"loftq_bits": 4}, "eva_config": {"rho": 2.0}, "corda_config": {},
    "lora_ga_config": None, "qalora_group_size": 16, "runtime_config": {}, "merge_weights": False, "bias": "all",
    "enable_lora": None, "use_dora": False, "layer_replication": None, "target_parameters": [],
    "fan_in_fan_out": True,
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), HARMLESS.items(), ids=HARMLESS.keys())
def test_what_changes_nothing_is_left_alone(merge, key, value):
    pairs = merge.adapter(MODULES, config={key: value})
    same(merge.result(), merge.expected(pairs, lambda module: 2))


@pytest.mark.parametrize("start", [True, "gaussian", "eva", "mica", "orthogonal"])
def test_starts_that_leave_the_base_alone_are_merged(merge, start):
    pairs = merge.adapter(MODULES, config={"init_lora_weights": start})
    same(merge.result(), merge.expected(pairs, lambda module: 2))


@pytest.mark.parametrize("start", [False, "orthogonal"])
def test_modules_that_would_get_numbers_by_chance_are_an_error(merge, start):
    merge.adapter(MODULES[1:], config={"init_lora_weights": start})
    merge.refused(MODULES[0])


TARGETS = [
    {"target_modules": ["q_proj"]},
    {"target_modules": r".*\.(q|k)_proj"},
    {"target_modules": r"model\.layers\.1\..*"},
    {"target_modules": list(PARTS), "exclude_modules": ["layers.2.self_attn.v_proj"]},
    {"target_modules": list(PARTS), "exclude_modules": r".*\.0\..*"},
    {"target_modules": list(PARTS), "layers_to_transform": [0, 2]},
    {"target_modules": list(PARTS), "layers_to_transform": 1, "layers_pattern": "layers"},
    {"target_modules": list(PARTS), "layers_to_transform": [1], "layers_pattern": ["h", "layers"]},
    {"target_modules": "all-linear"},
]


def targeted(config, module):
    """PEFT 0.21.2, check_target_module_exists."""
    def among(names):
        if isinstance(names, str):
            return re.fullmatch(names, module)
        return any(module == name or module.endswith(f".{name}") for name in names)

    if config.get("exclude_modules") and among(config["exclude_modules"]):
        return False
    if config["target_modules"] == "all-linear":
        return True
    layers = config.get("layers_to_transform")
    wanted = [layers] if isinstance(layers, int) else layers
    return bool(among(config["target_modules"])) and (wanted is None or int(module.split(".")[2]) in wanted)


@pytest.mark.parametrize("config", TARGETS, ids=[json.dumps(config) for config in TARGETS])
def test_only_modules_that_are_named_may_have_matrices(merge, config):
    own = [module for module in MODULES if targeted(config, module)]
    pairs = merge.adapter(own, config=config)
    same(merge.result(), merge.expected(pairs, lambda module: 2))
    for module in set(MODULES) - set(own):
        merge.adapter([*own, module], config=config)
        done = merge.knapsack(
            "convert", merge.folder / "base", merge.folder / "other", "--dtype", "f32",
            "--merge", merge.folder / "adapter")  # fmt: skip
        done.expect(1, 2)
        assert module in done.stderr
        break


def test_biases_and_whole_modules_take_the_bases_place(merge):
    extra = {
        "base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias": torch.full((16,), 5.0),
        "base_model.model.model.embed_tokens.weight": torch.full((12, 16), 2.0),
    }
    pairs = merge.adapter(MODULES, extra=extra, config={"bias": "all", "modules_to_save": ["embed_tokens"]})
    expected = merge.expected(pairs, lambda module: 2)
    expected["model.layers.0.self_attn.q_proj.bias"] = torch.full((16,), 5.0)
    expected["model.embed_tokens.weight"] = torch.full((12, 16), 2.0)
    same(merge.result(), expected)


def test_a_weight_under_its_matrices_is_taken_first(merge):
    name = f"base_model.model.{MODULES[0]}.base_layer.weight"
    pairs = merge.adapter(MODULES, extra={name: torch.full((16, 16), 3.0)})
    merge.base[f"{MODULES[0]}.weight"] = torch.full((16, 16), 3.0)
    same(merge.result(), merge.expected(pairs, lambda module: 2))


def test_a_module_that_should_be_stored_whole_and_is_not_is_named(merge):
    merge.adapter(MODULES, config={"modules_to_save": ["embed_tokens"]})
    merge.refused("modules_to_save", "embed_tokens")


def test_a_tensor_that_peft_would_leave_out_is_an_error(merge):
    merge.adapter(MODULES, extra={"model.norm.weight": torch.zeros(16)})
    merge.refused("base_model.model.")


def test_a_key_that_is_there_twice_is_an_error(merge):
    merge.adapter(MODULES)
    path = merge.folder / "adapter" / "adapter_config.json"
    path.write_text(path.read_text().replace('"r": 2', '"r": 4, "r": 2'))
    merge.refused('"r"', "twice")


@pytest.mark.parametrize("key", ["rank_pattern", "alpha_pattern"])
def test_a_key_that_is_there_twice_within_another_is_an_error(merge, key):
    merge.adapter(MODULES, config={key: {"q_proj": 2}})
    path = merge.folder / "adapter" / "adapter_config.json"
    path.write_text(path.read_text().replace('"q_proj": 2', '"q_proj": 2, "k_proj": 2, "q_proj": 2'))
    merge.refused(key, "q_proj", "twice")


@pytest.mark.parametrize("key", ["arrow_config", "kasa_config", "velora_config", "monteclora_config"])
def test_an_empty_object_is_a_configuration_as_peft_makes_one_of_it(merge, key):
    merge.adapter(MODULES, config={key: {}})
    merge.refused(key)


def test_a_layer_without_the_matrices_that_are_named_is_an_error(merge):
    merge.adapter([module for module in MODULES if module != "model.layers.2.self_attn.v_proj"])
    merge.refused("model.layers.2.self_attn.v_proj", "target_modules")


def test_layers_that_the_class_does_not_load_need_no_matrices(merge):
    (merge.folder / "base" / "config.json").write_text('{"model_type": "llama", "num_hidden_layers": 2}')
    own = [module for module in MODULES if "layers.2." not in module]
    pairs = merge.adapter(own)
    same(merge.result(), merge.expected(pairs, lambda module: 2))


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "llama", "tie_word_embeddings": True},
        {"model_type": "mystery", "architectures": ["MysteryForCausalLM"]},
    ],
    ids=["stated", "by-class"],
)
def test_an_embedding_of_its_own_for_a_tied_model_is_refused(merge, config):
    (merge.folder / "base" / "config.json").write_text(json.dumps(config))
    extra = {"base_model.model.model.embed_tokens.weight": torch.full((12, 16), 2.0)}
    merge.adapter(MODULES, extra=extra, config={"modules_to_save": ["embed_tokens"]})
    merge.refused("embed_tokens", "output layer")


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("model.layers.0.self_attn.q_proj.bias", {"bias": "none"}),
        ("model.layers.0.self_attn.q_proj.bias", {"bias": "all"}),
        ("model.norm.weight", {}),
    ],
    ids=["no-biases", "below-matrices", "not-named"],
)
def test_a_whole_tensor_that_is_not_named_is_an_error(merge, name, config):
    extra = {f"base_model.model.{name}": torch.zeros(16)}
    merge.adapter(MODULES, extra=extra, config=config)
    merge.refused(name, "leave it out")


@pytest.mark.parametrize("config", [{}, {"init_lora_weights": False}], ids=["plain", "random"])
def test_all_linear_names_every_linear_layer(merge, config):
    """A file that was cut while it was saved; PEFT only warns of missing keys, or draws the matrices by chance."""
    merge.adapter([name for name in MODULES if name.endswith(("q_proj", "v_proj"))], config={"target_modules": "all-linear", **config})
    merge.refused("model.layers.0.self_attn.k_proj")
