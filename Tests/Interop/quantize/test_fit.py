"""`knapsack quantize … fit`: types within a budget, judged by other programs.

The errors by gguf's own arithmetic, the choice by HiGHS (where `highspy` is installed), the files by `knapsack quantize`
with the rules that were written, which equals llama-quantize, and by llama-quantize itself where
KNAPSACK_LLAMA_QUANTIZE names it.
"""

import json
import os
import subprocess
from pathlib import Path

import gguf
import needs
import numpy as np
import pytest
from cli import manifest, read_lock, sha256
from genuine import MINILM_FILES
from project import FIXTURES

SMALL = FIXTURES / "gguf" / "small.gguf"
IMATRIX = FIXTURES / "gguf" / "imatrix.gguf"
MIXTURES = ["Q4_K_M", "Q3_K_S", "IQ4_XS", "Q5_0", "IQ2_M", "Q8_0"]
ALL_MIXTURES = """Q1_0 Q2_0 Q4_0 Q4_1 MXFP4_MOE Q5_0 Q5_1 IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ1_S IQ1_M TQ1_0 TQ2_0 Q2_K Q2_K_S
IQ3_XXS IQ3_S IQ3_M IQ3_XS Q3_K_S Q3_K_M Q3_K_L IQ4_NL IQ4_XS Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K Q8_0 F16""".split()


def fit(knapsack, model: Path, output: Path, *options, code: int = 0):
    done = knapsack("quantize", model, output, "fit", *options, "--json").expect(code)
    return done.json()


@pytest.mark.smoke
@pytest.mark.parametrize("bits", ["4.8", "5.5", "8", "16"])
def test_the_file_is_within_its_budget_and_the_rules_make_the_same(knapsack, tmp_path, bits):
    output, rules = tmp_path / "fit.gguf", tmp_path / "rules.txt"
    document = fit(knapsack, SMALL, output, "--bits", bits, "--floor", "none", "--write-tensor-types", rules)
    assert output.stat().st_size == document["size"] <= document["fit"]["budget"]
    assert document["fit"]["gap"] == 0
    again = tmp_path / "again.gguf"
    knapsack("quantize", SMALL, again, document["fit"]["base"], "--tensor-type-file", rules).expect(0)
    assert sha256(again) == sha256(output)


def test_threads_change_nothing(knapsack, tmp_path):
    seen = set()
    for threads in ("1", "2", "5"):
        cache = tmp_path / f"cache-{threads}"
        output = tmp_path / f"{threads}.gguf"
        done = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(cache))(
            "quantize", SMALL, output, "fit", "--bits", "6", "--imatrix", IMATRIX.name, "--threads", threads, "--json",
            cwd=IMATRIX.parent,
        ).expect(0)
        seen.add((sha256(output), json.dumps(done.json()["fit"])))
    assert len(seen) == 1


def test_an_impossible_budget_is_refused_with_the_least(knapsack, tmp_path):
    output = tmp_path / "out.gguf"
    refused = fit(knapsack, SMALL, output, "--max-size", "1000", code=1)
    (finding,) = refused["findings"]
    assert finding["code"] == "fit-impossible"
    least = int(finding["message"].split("the smallest has ")[1].split()[0])
    assert fit(knapsack, SMALL, output, "--max-size", str(least - 1), code=1)["findings"]
    assert not output.exists()
    assert fit(knapsack, SMALL, output, "--max-size", str(least))["size"] == least


def test_the_ways_out_of_an_impossible_budget_are_those_that_there_are(knapsack, tmp_path):
    def fix(*options):
        return fit(knapsack, SMALL, tmp_path / "o.gguf", "--max-size", "1000", *options, code=1)["findings"][0]["fix"]

    assert "floor none" in fix() and "yourself" not in fix()
    assert "floor" not in fix("--floor", "none")
    assert "decide on fewer tensors' types yourself" in fix("--tensor-type", "ffn=Q8_0")
    # With all of them decided on, nothing else makes it smaller.
    assert fix("--tensor-type", ".=Q8_0") == "allow more bytes, or decide on fewer tensors' types yourself"


def test_a_budget_larger_than_the_model_is_told(knapsack, tmp_path):
    assert "room for the model as it is" in knapsack("quantize", SMALL, "fit", "--max-size", "1GB", "--dry-run").expect(0).stderr
    assert "room for" not in knapsack("quantize", SMALL, "fit", "--bits", "6", "--dry-run").expect(0).stderr


def test_the_errors_are_those_of_the_numbers(knapsack, tmp_path):
    output = tmp_path / "fit.gguf"
    document = fit(knapsack, SMALL, output, "--bits", "6.1", "--imatrix", IMATRIX)
    weights = {tensor.name: tensor.data for tensor in gguf.GGUFReader(IMATRIX).tensors}
    before = {tensor.name: tensor for tensor in gguf.GGUFReader(SMALL).tensors}
    after = {tensor.name: tensor for tensor in gguf.GGUFReader(output).tensors}
    seen = 0
    for row in document["fit"]["rows"]:
        name = row["name"]
        old, new = (
            gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
            for tensor in (before[name], after[name])
        )
        importance = np.ones(old.shape[-1])
        if name + ".in_sum2" in weights:
            sums, counts = weights[name + ".in_sum2"], weights[name + ".counts"]
            # What an expert got is what it counts; one that was never used counts nothing.
            importance = np.asarray(sums, dtype=np.float64).reshape(*old.shape[:-2], 1, old.shape[-1])
            importance = importance * (np.asarray(counts).reshape(*old.shape[:-2], 1, 1) > 0)
        error = (importance * (old - new) ** 2).sum() / (importance * old**2).sum()
        assert row["error"] == pytest.approx(error, rel=1e-5, abs=1e-15), name
        seen += row["error"] > 0
    assert seen > 10


@pytest.mark.parametrize("mixture", MIXTURES)
def test_is_no_worse_than_a_mixture_of_its_size(knapsack, tmp_path, mixture):
    assert_no_worse(knapsack, SMALL, tmp_path, mixture, "--imatrix", IMATRIX)


@pytest.mark.slow
@pytest.mark.parametrize("mixture", ALL_MIXTURES)
def test_is_no_worse_than_any_mixture(knapsack, tmp_path, mixture, minilm_gguf):
    # Rows of 288 are no blocks of 128, and llama-quantize has nothing else for Q1_0.
    if mixture != "Q1_0":
        assert_no_worse(knapsack, SMALL, tmp_path, mixture, "--imatrix", IMATRIX)
    if not mixture.startswith(("IQ1", "IQ2", "IQ3_X", "Q2_K_S")):
        assert_no_worse(knapsack, minilm_gguf, tmp_path, mixture)


ORACLE_MODELS = ["gemma", "gemma3", "gpt2", "llama-gqa", "llama-odd288", "mixtral", "phi3", "qwen2", "qwen2moe", "qwen3", "roberta"]
PRE_TOKENIZERS = {"gpt2": "gpt-2", "roberta": "roberta-bpe", "llama-gqa": "llama-bpe", "qwen2": "qwen2", "qwen2moe": "qwen2", "qwen3": "qwen2"}


@pytest.mark.slow
@needs.ORACLE
@pytest.mark.parametrize("name", ORACLE_MODELS)
def test_is_no_worse_than_any_mixture_of_the_oracles_models(knapsack, tmp_path, name):
    oracle = Path(os.environ["KNAPSACK_ORACLE"])
    pre = PRE_TOKENIZERS.get(name)
    model = tmp_path / "model.gguf"
    knapsack("convert", oracle / "models" / name, model, *(["--pre", pre] if pre else [])).expect(0)
    matrix = oracle / "imatrix" / f"{name}.gguf"
    seen = 0
    for mixture in ALL_MIXTURES:
        for options in [[]] + [["--imatrix", matrix]] * matrix.exists():
            seen += assert_no_worse(knapsack, model, tmp_path, mixture, *options, refused=True)
    assert seen >= 20


def assert_no_worse(knapsack, model: Path, tmp_path: Path, mixture: str, *options, refused: bool = False) -> bool:
    """Whether there is such a mixture of the model; that there is none is an error unless `refused`."""
    options = [*options, "--floor", "none", "--dry-run", "--compare", mixture]
    if refused and knapsack("quantize", model, tmp_path / "out.gguf", "fit", "--bits", "32", *options).code == 1:
        return False
    probe = fit(knapsack, model, tmp_path / "out.gguf", "--bits", "32", *options)
    size = probe["comparison"]["size"]
    document = fit(knapsack, model, tmp_path / "out.gguf", "--max-size", str(size), *options)
    assert document["size"] <= size
    # Where a type of the mixture cannot hold a tensor's numbers, there is nothing to compare.
    if document["comparison"]["cost"] is not None:
        assert document["fit"]["cost"] <= document["comparison"]["cost"]
    assert document["fit"]["gap"] == 0
    return True


def test_constraints_are_kept(knapsack, tmp_path):
    def types(*options):
        document = fit(knapsack, SMALL, tmp_path / "out.gguf", "--bits", "6.1", "--imatrix", IMATRIX, *options)
        return {row["name"]: row["type"] for row in document["fit"]["rows"]}

    high = {"Q6_K", "Q8_0", "BF16"}
    usual = types("--dry-run")
    assert {usual["token_embd.weight"], usual["output.weight"]} <= high
    pinned = types("--dry-run", "--tensor-type", "attn_q=Q5_K", "--token-embedding-type", "Q4_K")
    assert {kind for name, kind in pinned.items() if "attn_q." in name} == {"Q5_K"}
    assert pinned["token_embd.weight"] == "Q4_K"
    assert not [kind for kind in types("--dry-run", "--speed", "cpu").values() if kind.startswith(("IQ1", "IQ2", "IQ3"))]
    fused = types("--dry-run", "--fused")
    for block in range(8):
        assert len({fused[f"blk.{block}.attn_{part}.weight"] for part in "qkv"}) == 1
        assert len({fused[f"blk.{block}.ffn_{part}_exps.weight"] for part in ("gate", "up")}) == 1


def test_a_damaged_index_of_costs_changes_nothing(knapsack, tmp_path):
    cache = tmp_path / "cache"
    knapsack = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(cache))
    outputs = []
    for number in range(3):
        output = tmp_path / f"{number}.gguf"
        knapsack("quantize", SMALL, output, "fit", "--bits", "6").expect(0)
        outputs.append(sha256(output))
        index = cache / "costs.sqlite"
        index.write_bytes(index.read_bytes()[: 5000] + b"garbage" * 100 if number == 0 else b"no database")
    assert len(set(outputs)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--max-size"),
        (["--max-size", "1GB", "--bits", "4"], "takes only one of"),
        (["--bits", "4.12345"], "4.12345"),
        (["--max-size", "much"], "much"),
        (["--fit-memory", "t4"], "--fit-memory t4 is none of t4x2,"),
        (["--fit-memory", "t5x2"], "did you mean t4x2?"),
        (["--bits", "4", "--context", "9"], "--fit-memory"),
        (["--bits", "4", "--speed", "warp"], "--speed"),
        (["--bits", "4", "--floor", "Q9"], '--floor takes none, or a type: unknown tensor type "Q9"'),
        (["--bits", "4", "--pure"], "--pure"),
        (["--bits", "4", "--split-max-size", "4G"], "--split-max-size"),
    ],
)
def test_options_that_make_no_sense_are_told(knapsack, tmp_path, options, words):
    done = knapsack("quantize", SMALL, tmp_path / "o.gguf", "fit", *options).expect(2)
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_options_of_fit_are_for_fit_alone(knapsack, tmp_path):
    assert "--bits" in knapsack("quantize", SMALL, tmp_path / "o.gguf", "Q4_0", "--bits", "4").expect(2).stderr


@pytest.mark.smoke
def test_a_manifest_fits_and_the_lock_holds_the_choice(knapsack, tmp_path):
    (tmp_path / "tiny").symlink_to(FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K")
    fitted = {"from": "tiny", "gguf": "fit"}
    text = manifest(model=[
        {"name": "tiny", "source": "path:tiny", "license": "mit"},
        {"name": "bytes", **fitted, "max-size": "100 kB", "floor": "none"},
        {"name": "bits", **fitted, "bits": 8.25},
        {"name": "memory", **fitted, "fit-memory": "t4x2", "context": 512, "fused": True, "speed": "cpu"},
    ])
    path = tmp_path / "m.toml"
    path.write_text(text)
    knapsack("lock", path).expect(0)
    lock = read_lock(tmp_path / "m.lock")
    for name in ("bytes", "bits", "memory"):
        chosen = lock[name]["resolved"]["fit"]
        (file,) = lock[name]["files"]
        assert file["size"] == chosen["size"] <= chosen["budget"]
        assert chosen["bound"] == chosen["cost"] and chosen["weights"] == 3
        front = chosen["front"]
        assert front == sorted(front) and [cost for _, cost in front] == sorted((cost for _, cost in front), reverse=True)
        # No choice of a size beats the front, and no fixed mixture does where its types may be chosen.
        assert all(cost >= chosen["cost"] for size, cost in front if size <= chosen["size"])
        assert "Q4_0" in chosen["mixtures"] and "IQ2_M" in chosen["mixtures"]
    assert lock["bytes"]["asked"] == {"floor": "none", "from": "tiny", "gguf": "fit", "max-size": "100000"}
    knapsack("lock", path, "--locked").expect(0)
    knapsack("check", path).expect(0, 1)
    page = knapsack("report", tmp_path / "m.lock", "--output", "-").expect(0).stdout
    assert page.count("Types within a budget") == 3 and page.count('<figure class="front">') == 3
    assert "Q4_K_M</text>" in page and "Bits of every tensor" in page
    # A lock of somebody else's may state any number.
    most = (1 << 63) - 1
    stated = json.loads((tmp_path / "m.lock").read_text())
    for one in stated["entries"]:
        if one["name"] in ("bytes", "bits"):
            one["resolved"]["fit"] |= {"size": most, "cost": most, "budget": most, "front": [[most, most]] * 2, "mixtures": {"x": [most, most]}}
    (tmp_path / "most.lock").write_text(json.dumps(stated, indent=2) + "\n")
    assert knapsack("report", tmp_path / "most.lock", "--output", "-").expect(0).stdout.count('<figure class="front">') == 3
    knapsack("pack", path, "--output", tmp_path / "out", "--locked").expect(0)
    packed = tmp_path / "out" / "models" / "bytes" / "bytes-FIT.gguf"
    types = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(packed).tensors}
    assert lock["bytes"]["resolved"]["fit"]["types"].items() <= types.items()
    path.write_text(text.replace("8.25", "8.5"))
    assert "8.25 bits" in knapsack("check", path).expect(1).text
    path.write_text(text.replace("100 kB", "1 kB"))
    assert "the smallest has" in knapsack("lock", path).expect(1).text


def test_several_entries_share_one_budget(knapsack, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K")
    sources = [{"name": name, "source": f"path:{name}", "license": "mit"} for name in ("one", "two")]

    def write(budget: str, weight: int) -> Path:
        fits = [{"name": f"{name}-fit", "from": name, "gguf": "fit", "floor": "none"} for name in ("one", "two")]
        fits[0]["weight"] = weight
        path = tmp_path / "m.toml"
        path.write_text(manifest(head=f'fit = "{budget}"', model=[*sources, *fits]))
        return path

    def sizes() -> list[int]:
        lock = read_lock(tmp_path / "m.lock")
        return [lock[f"{name}-fit"]["files"][0]["size"] for name in ("one", "two")]

    path = write("170 kB", 1)
    knapsack("lock", path).expect(0)
    equal = sizes()
    assert sum(equal) <= 170_000 and max(equal) - min(equal) < 15_000
    knapsack("lock", path, "--locked").expect(0)
    before = (tmp_path / "m.lock").read_bytes()
    knapsack("lock", path).expect(0)
    assert (tmp_path / "m.lock").read_bytes() == before
    knapsack("pack", path, "--locked", "--output", tmp_path / "out").expect(0)
    other = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "other"))
    other("pack", path, "--locked", "--output", tmp_path / "again").expect(0)
    path = write("170 kB", 20)
    assert "one-fit" in knapsack("check", path).expect(1).text
    knapsack("lock", path).expect(0)
    first, second = sizes()
    assert first + second <= 170_000 and first > second and first > equal[0]
    knapsack("check", path).expect(0)
    assert "the smallest have" in knapsack("lock", write("70 kB", 1)).expect(1).text


@pytest.mark.parametrize(
    ("head", "entry", "words"),
    [
        ('fit = "1 GB"', {"gguf": "Q8_0"}, "no entry shares"),
        ('fit = "1 GB"', {"gguf": "fit", "bits": 4}, "no entry shares"),
        ('fit = "1 GB"', {"gguf": "fit", "bits": 4, "weight": 2}, "`weight`"),
        ('fit = "1 GB"', {"gguf": "fit", "weight": 101}, "1 to 100"),
        ('fit = "much"', {"gguf": "fit"}, "fit"),
    ],
)
def test_shared_budgets_that_make_no_sense_are_told(knapsack, tmp_path, head, entry, words):
    path = tmp_path / "m.toml"
    entries = [{"name": "base", "source": "path:x"}, {"name": "n", "from": "base", **entry}]
    path.write_text(manifest(head=head, model=entries))
    assert words in knapsack("lock", path).expect(2).stderr


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"gguf": "fit"}, "max-size"),
        ({"gguf": "fit", "bits": 4, "max-size": 5}, "exclude"),
        ({"gguf": "fit", "bits": 4.12345}, "4.25"),
        ({"gguf": "fit", "bits": 4, "context": 5}, "fit-memory"),
        ({"gguf": "fit", "fit-memory": "t5"}, "t4x2"),
        ({"gguf": "Q8_0", "bits": 4}, 'gguf = "fit"'),
        ({"gguf": "Q8_0", "fused": True}, 'gguf = "fit"'),
        ({"dtype": "f16", "floor": "none"}, "floor"),
    ],
)
def test_entries_that_make_no_sense_are_told(knapsack, tmp_path, entry, words):
    path = tmp_path / "m.toml"
    path.write_text(manifest(model=[{"name": "base", "source": "path:x"}, {"name": "n", "from": "base", **entry}]))
    assert words in knapsack("lock", path).expect(2).stderr


@pytest.mark.slow
def test_highs_finds_no_better_choice(knapsack, tmp_path):
    highspy = pytest.importorskip("highspy")
    seen = 0
    for number in range(50):
        bits = 3.9 + number * 0.12
        options = ["--imatrix", IMATRIX] if number % 2 else []
        options += ["--fused"] if number % 3 == 0 else []
        done = knapsack("quantize", SMALL, tmp_path / "o.gguf", "fit", "--bits", f"{bits:.3f}", "--floor", "none",
                        "--dry-run", "--json", *options)
        if done.code == 1:
            continue
        document = done.expect(0).json()["fit"]
        assert document["gap"] == 0
        assert solve(highspy, document["items"], document["capacity"]) == pytest.approx(document["cost"], rel=1e-9)
        seen += 1
    assert seen >= 40


def solve(highspy, items: list, capacity: int) -> float:
    """The least cost by a mixed-integer program; sizes in units of 32 bytes, costs in billions."""
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 1e-9)
    scale = max(option["cost"] for item in items for option in item["options"]) or 1
    sizes, costs = [], 0
    for item in items:
        variables = [model.addBinary() for _ in item["options"]]
        model.addConstr(sum(variables) == 1)
        sizes += [option["size"] // 32 * variable for option, variable in zip(item["options"], variables, strict=True)]
        for option, variable in zip(item["options"], variables, strict=True):
            costs = costs + option["cost"] / scale * 1e4 * variable
    model.addConstr(sum(sizes) <= capacity // 32)
    model.minimize(costs)
    values = model.getSolution().col_value
    total, place = 0, 0
    for item in items:
        for option in item["options"]:
            total += option["cost"] * round(values[place])
            place += 1
    return total


@pytest.fixture(scope="session")
def minilm_gguf(knapsack, tmp_path_factory) -> Path:
    """The real MiniLM as GGUF."""
    folder = tmp_path_factory.mktemp("minilm")
    output = folder / "minilm.gguf"
    knapsack("convert", MINILM_FILES, output).expect(0)
    return output


def least_size(knapsack, model: Path, *options) -> int:
    refused = fit(knapsack, model, Path("/nowhere.gguf"), "--max-size", "1000", "--dry-run", *options, code=1)
    return int(refused["findings"][0]["message"].split("the smallest has ")[1].split()[0])


def judged_models() -> list:
    """Eight models and more: committed, real, and the reference's."""
    oracle = os.environ.get("KNAPSACK_ORACLE")
    found = [("small", []), ("small", ["--imatrix", "imatrix.gguf"]), ("minilm", [])]
    if oracle:
        found += [(str(path), []) for path in sorted(Path(oracle, "inputs").glob("*.gguf"))]
        found += [(str(Path(oracle, "models", name)), []) for name in ("gemma", "gpt2", "phi3", "qwen2moe")]
    return [pytest.param(model, options, id=Path(model).stem + "-im" * bool(options)) for model, options in found]


@pytest.mark.slow
@needs.LLAMA_QUANTIZE
@pytest.mark.parametrize(("name", "options"), judged_models())
def test_llama_quantize_makes_the_same_of_the_rules(knapsack, tmp_path, minilm_gguf, name, options):
    model = {"small": SMALL, "minilm": minilm_gguf}.get(name, Path(name))
    if model.is_dir():
        pre = {"gpt2": "gpt-2", "qwen2moe": "qwen2"}.get(model.name)
        knapsack("convert", model, tmp_path / "model.gguf", *(["--pre", pre] if pre else [])).expect(0)
        model = tmp_path / "model.gguf"
    options = [str(IMATRIX) if option == IMATRIX.name else option for option in options]
    least = least_size(knapsack, model, "--floor", "none", *options)
    for part in (0, 0.05, 0.15, 0.35, 0.7):
        budget = int(least + part * (model.stat().st_size - least))
        ours, theirs, rules = (tmp_path / name for name in ("ours.gguf", "theirs.gguf", "rules.txt"))
        theirs.unlink(missing_ok=True)
        document = fit(
            knapsack, model, ours, "--max-size", str(budget), "--floor", "none", "--write-tensor-types", rules, *options
        )
        assert document["size"] == ours.stat().st_size <= budget
        reference = [os.environ["KNAPSACK_LLAMA_QUANTIZE"], *options, "--tensor-type-file", rules]
        subprocess.run([*reference, model, theirs, document["fit"]["base"]], check=True, capture_output=True)
        assert sha256(ours) == sha256(theirs), (model, part)


def test_the_rules_are_not_written_over_a_model(knapsack, tmp_path):
    model = tmp_path / "model.gguf"
    model.write_bytes(SMALL.read_bytes())
    for rules, output in ((model, "o.gguf"), (tmp_path / "o.gguf", tmp_path / "o.gguf")):
        knapsack("quantize", model, output, "fit", "--bits", "8", "--write-tensor-types", rules, "--dry-run", cwd=tmp_path).expect(2)
    assert model.read_bytes() == SMALL.read_bytes() and not (tmp_path / "o.gguf").exists()


def crafted(path: Path, tensors: dict, **more) -> Path:
    """A model of one block; tensors that are not given have numbers by chance."""
    writer = gguf.GGUFWriter(path, "llama", use_temp_file=False)
    writer.add_block_count(1)
    writer.add_head_count(4)
    writer.add_embedding_length(256)
    random = np.random.default_rng(3)
    for name in ("token_embd", "output", "blk.0.attn_q", "blk.0.attn_k"):
        if f"{name}.weight" not in tensors:
            writer.add_tensor(f"{name}.weight", random.standard_normal((16, 256)).astype(np.float32))
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def importance(path: Path, values: dict) -> Path:
    """A matrix: for each tensor the sums of squares, and how often each of its matrices was used."""
    writer = gguf.GGUFWriter(path, "", use_temp_file=False)
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", ["x.txt"])
    writer.add_uint32("imatrix.chunk_count", 1)
    writer.add_uint32("imatrix.chunk_size", 512)
    for name, (sums, counts) in values.items():
        writer.add_tensor(name + ".in_sum2", np.asarray(sums, dtype=np.float32))
        writer.add_tensor(name + ".counts", np.asarray(counts, dtype=np.float32).reshape(-1, 1))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_experts_count_as_often_as_they_are_used(knapsack, tmp_path):
    """Two experts of a stack, of which the type's blocks suit one well and the other badly."""
    random = np.random.default_rng(5)
    stack = random.standard_normal((2, 4, 256)).astype(np.float32)
    stack[1, :, ::32] *= 60
    name = "blk.0.ffn_gate_exps.weight"
    model = crafted(tmp_path / "m.gguf", {name: stack})
    back = gguf.quants.dequantize(gguf.quants.quantize(stack, gguf.GGMLQuantizationType.Q8_0), gguf.GGMLQuantizationType.Q8_0)
    squares = ((stack - back.reshape(stack.shape)).astype(np.float64) ** 2).sum(axis=(1, 2))
    energy = (stack.astype(np.float64) ** 2).sum(axis=(1, 2))
    found = []
    for counts in ([9, 1], [1, 9], [5, 0]):
        # The same mean square of every column, however often an expert is used.
        sums = np.repeat(np.asarray(counts, dtype=np.float32), 256).reshape(2, 256)
        matrix = importance(tmp_path / "i.gguf", {name: (sums, counts)})
        document = fit(knapsack, model, tmp_path / "o.gguf", "--bits", "32", "--tensor-type", f"{name}=Q8_0",
                       "--imatrix", matrix, "--dry-run")
        (row,) = (row for row in document["fit"]["rows"] if row["name"] == name)
        expected = (squares * counts).sum() / (energy * counts).sum()
        assert row["type"] == "Q8_0" and row["error"] == pytest.approx(expected, rel=1e-6), counts
        found.append(row["error"])
    assert len(set(found)) == 3


def test_types_that_need_importance_are_for_tensors_that_have_it(knapsack, tmp_path):
    model = crafted(tmp_path / "m.gguf", {})
    matrix = importance(tmp_path / "i.gguf", {"blk.0.attn_q.weight": (np.ones(256), [1])})
    needed = {"IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS"}

    def options(*more) -> dict:
        document = fit(knapsack, model, tmp_path / "o.gguf", "--bits", "9", "--dry-run", *more)
        return {item["tensors"][0]: {one["type"] for one in item["options"]} for item in document["fit"]["items"]}

    without, having = options("--floor", "none"), options("--floor", "none", "--imatrix", matrix)
    assert not any(types & needed for types in without.values())
    assert {name for name, types in having.items() if types & needed} == {"blk.0.attn_q.weight"}
    assert needed <= having["blk.0.attn_q.weight"]
    cpu = options("--floor", "none", "--imatrix", matrix, "--speed", "cpu")["blk.0.attn_q.weight"]
    assert not {kind for kind in cpu if kind.startswith(("IQ1", "IQ2", "IQ3"))} and {"IQ4_XS", "Q2_K"} <= cpu
    floored = options("--imatrix", matrix)
    for end in ("token_embd.weight", "output.weight"):
        assert not floored[end] & {"Q5_K", "Q4_K", "Q8_K"} and {"Q6_K", "Q8_0"} <= floored[end]


def test_the_usual_floor_is_next_to_q6_k_where_that_fits_no_row(knapsack, tmp_path):
    """Embeddings of rows of 64 would have Q8_0 or nothing."""
    knapsack("convert", FIXTURES / "conversion/tiny-llama/Tiny-Llama-100K", tmp_path / "m.gguf").expect(0)
    document = fit(knapsack, tmp_path / "m.gguf", tmp_path / "o.gguf", "--bits", "9", "--dry-run")
    found = {item["tensors"][0]: {one["type"] for one in item["options"]} for item in document["fit"]["items"]}
    assert {"Q5_1", "Q8_0"} <= found["token_embd.weight"] and not {"Q5_0", "Q4_1", "Q6_K"} & found["token_embd.weight"]
    assert {"Q5_0", "Q4_0"} <= found["blk.0.ffn_up.weight"]


@pytest.mark.parametrize(("values", "words"), [
    (np.zeros(256), "no value above 0"), (np.where(np.arange(256) == 7, -1, 1), "the value -1.0 for column 7"),
])
def test_importance_that_tells_nothing_is_refused(knapsack, tmp_path, values, words):
    """By such a matrix every type would cost nothing, and the smallest would be the best."""
    model = crafted(tmp_path / "m.gguf", {})
    matrix = importance(tmp_path / "i.gguf", {"blk.0.attn_q.weight": (values, [1])})
    refused = fit(knapsack, model, tmp_path / "o.gguf", "--bits", "9", "--imatrix", matrix, code=1)
    assert words in refused["findings"][0]["message"] and refused["findings"][0]["code"] == "imatrix-unusable"
    fit(knapsack, model, tmp_path / "o.gguf", "--bits", "9", "--imatrix", matrix, "--exclude-weights", "attn_q")


def test_a_text_that_cannot_be_read_is_told_before_anything_is_measured(knapsack, tmp_path):
    def told(*options) -> str:
        done = knapsack("quantize", SMALL, tmp_path / "o.gguf", "fit", "--bits", "8", "--calibrate", *options).expect(2)
        assert "measuring" not in done.stderr and list(tmp_path.glob("*.gguf")) == []
        return done.stderr

    assert "the text cannot be read" in told(tmp_path / "none.txt") and "fix:" in told(tmp_path)
    (tmp_path / "text.txt").write_text("word " * 100)
    assert f"{SMALL} has no tokens" in told(tmp_path / "text.txt")


@pytest.mark.parametrize("size", ["9999999TB", "0", "-1", "1e9", "4.2 GB ", "4,2GB", "", "NaN", "1EB", "99999999999999999999"])
def test_sizes_that_are_none_are_told(knapsack, tmp_path, size):
    done = knapsack("quantize", SMALL, tmp_path / "o.gguf", "fit", f"--max-size={size}").expect(2)
    assert "--max-size" in done.stderr and list(tmp_path.iterdir()) == []


def test_a_tensor_of_impossible_shape_ends_with_a_sentence(knapsack, tmp_path):
    """A shape whose product is 0 only because of its order: its columns times its matrices are 2^80."""
    path = tmp_path / "crafted.gguf"
    writer = gguf.GGUFWriter(path, "llama", use_temp_file=False)
    writer.add_uint32("llama.block_count", 1)
    writer.add_tensor("blk.0.ffn_gate_exps.weight", np.zeros((2, 1, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    data = path.read_bytes()
    shape = b"".join(value.to_bytes(8, "little") for value in (32, 1, 2))
    assert data.count(shape) == 1
    path.write_bytes(data.replace(shape, b"".join(value.to_bytes(8, "little") for value in (1 << 40, 0, 1 << 40))))
    done = knapsack("quantize", path, tmp_path / "o.gguf", "fit", "--max-size", "1GB")
    assert done.code in (0, 1, 2) and "Fatal" not in done.stderr, done.text
