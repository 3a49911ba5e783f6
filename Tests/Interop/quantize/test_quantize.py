"""`knapsack quantize` against what llama-quantize makes: of a small committed model, and of everything in the
reference's folder that KNAPSACK_ORACLE names."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import gguf
import needs
import pytest
from cli import sha256
from gguf_dump import dump
from project import FIXTURES

QUANTIZED = FIXTURES / "gguf"
SMALL = QUANTIZED / "small.gguf"


def committed() -> list:
    cases = json.loads((QUANTIZED / "quantized.json").read_text())
    return [pytest.param(case, id=" ".join([*case["options"], case["type"]])) for case in cases]


def dumped() -> list[tuple[Path, Path]]:
    """The reference's dumps, each with its input."""
    folder = os.environ.get("KNAPSACK_ORACLE")
    if not folder:
        return []
    found = []
    for source in sorted(Path(folder, "inputs").glob("*.gguf")):
        model, kind = source.stem.rsplit("-", 1)
        dumps = sorted(Path(folder, "expected", model, f"quantize-from-{kind}").glob("*.json"))
        assert dumps, f"nothing is expected of {source}"
        found += [(source, path) for path in dumps]
    return found


def assert_readable(path: Path) -> None:
    """The gguf package reads every tensor, if it knows the types: version 0.19 has no Q1_0 and Q2_0 yet."""
    types = {tensor["type"] for tensor in dump(path)["tensors"]}
    known = {kind.name for kind in gguf.GGMLQuantizationType}
    if not types <= known:
        assert types - known <= {"Q1_0", "Q2_0"}
        return
    reader = gguf.GGUFReader(path)
    assert reader.tensors
    for tensor in reader.tensors:
        assert tensor.data.nbytes == tensor.n_bytes


@pytest.mark.parametrize("case", committed())
def test_equals_llama_quantize(knapsack, tmp_path, case):
    output = tmp_path / "out.gguf"
    done = knapsack("quantize", *case["options"], "small.gguf", output, case["type"], "--quiet", cwd=QUANTIZED)
    if case["sha256"] is None:
        done.expect(1)
    else:
        done.expect(0)
        assert sha256(output) == case["sha256"]
        assert_readable(output)
    assert list(tmp_path.iterdir()) == ([output] if output.exists() else [])


@pytest.mark.slow
@needs.ORACLE
@pytest.mark.oracle
def test_equals_the_references_dumps(knapsack, tmp_path):
    different = []
    for source, path in dumped():
        words = path.stem.split("-")
        options = ["--pure"] if "pure" in words else []
        if "im" in words:
            options += ["--imatrix", f"imatrix/{source.stem.rsplit('-', 1)[0]}-syn.gguf"]
        output = tmp_path / "out.gguf"
        done = knapsack("quantize", *options, source, output, words[0], "--quiet", cwd=source.parent.parent)
        if done.code != 0 or dump(output) != json.loads(path.read_text()):
            different.append(f"{source.name} {path.stem} {done.stderr}")
        else:
            assert_readable(output)
        output.unlink(missing_ok=True)
    assert different == []


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_K_M", "COPY"])
def test_threads_and_repetition_change_nothing(knapsack, tmp_path, kind):
    outputs = [tmp_path / f"{threads}-{again}.gguf" for threads in (1, 2, 7) for again in range(2)]
    for output in outputs:
        threads = output.stem.split("-")[0]
        knapsack("quantize", SMALL, output, kind, "--threads", threads, "--quiet").expect(0)
    assert len({sha256(output) for output in outputs}) == 1


@pytest.mark.smoke
def test_merges_what_it_splits(knapsack, tmp_path):
    whole = tmp_path / "whole.gguf"
    knapsack("quantize", SMALL, whole, "COPY").expect(0)
    done = knapsack("quantize", SMALL, tmp_path / "part.gguf", "COPY", "--split-max-size", "40K", "--json").expect(0)
    parts = [Path(path) for path in done.json()["files"]]
    assert len(parts) > 3 and parts == sorted(tmp_path.glob("part-*.gguf"))
    total = 0
    for number, part in enumerate(parts):
        items = {item["key"]: item["value"] for item in dump(part)["kv"] if "value" in item}
        assert (items["split.no"], items["split.count"]) == (number, len(parts))
        assert (len(items) == 3) == (number > 0)
        tensors = dump(part)["tensors"]
        assert len(tensors) == 1 or sum(tensor["nbytes"] for tensor in tensors) <= 40_000
        total += len(tensors)
        assert items["split.tensors.count"] == len(dump(whole)["tensors"])
    assert total == len(dump(whole)["tensors"])
    knapsack("quantize", parts[0], tmp_path / "merged.gguf", "COPY").expect(0)
    assert sha256(tmp_path / "merged.gguf") == sha256(whole)
    knapsack("quantize", parts[0], tmp_path / "kept.gguf", "COPY", "--keep-split").expect(0)
    for part in parts:
        assert sha256(tmp_path / part.name.replace("part", "kept")) == sha256(part)


@pytest.mark.smoke
def test_a_dry_run_writes_nothing_and_shows_what_would_be(knapsack, tmp_path):
    model = tmp_path / "small.gguf"
    model.write_bytes(SMALL.read_bytes())
    done = knapsack("quantize", model, "Q4_K_M", "--dry-run", "--json").expect(0)
    planned = done.json()
    assert planned["files"] == [str(tmp_path / "ggml-model-Q4_K_M.gguf")]
    assert list(tmp_path.iterdir()) == [model]
    for word in ("TENSOR", "blk.0.ffn_down_exps.weight", "Q5_0", "instead of Q4_K", "288"):
        assert word in done.stderr
    written = knapsack("quantize", model, "Q4_K_M", "--json").expect(0).json()
    assert written["tensors"] == planned["tensors"]
    assert Path(written["files"][0]).stat().st_size == written["size"] == planned["size"]
    types = {tensor["name"]: tensor["type"] for tensor in dump(Path(written["files"][0]))["tensors"]}
    assert types == {tensor["name"]: tensor["to"] for tensor in written["tensors"]}


def test_says_what_other_types_cost(knapsack, tmp_path):
    done = knapsack("quantize", SMALL, tmp_path / "out.gguf", "Q4_K_M", "--json").expect(0)
    document = done.json()
    fallen = [tensor for tensor in document["tensors"] if "wanted" in tensor]
    assert [tensor["name"] for tensor in fallen] == [f"blk.{block}.ffn_down_exps.weight" for block in range(8)]
    assert document["fallback_cost"] == sum(tensor["cost"] for tensor in fallen) > 0
    assert [finding["code"] for finding in document["findings"]] == ["quantize-fallback"]
    assert "rows of 288 are no multiples of 256" in done.stderr


def test_quantizes_again_only_when_allowed(knapsack, tmp_path):
    first, second = tmp_path / "first.gguf", tmp_path / "second.gguf"
    knapsack("quantize", SMALL, first, "Q8_0").expect(0)
    refused = knapsack("quantize", first, second, "Q4_0").expect(1)
    assert "--allow-requantize" in refused.stderr
    assert not second.exists()
    knapsack("quantize", first, second, "Q4_0", "--allow-requantize").expect(0)
    assert_readable(second)
    knapsack("quantize", second, tmp_path / "floats.gguf", "F32", "--allow-requantize").expect(0)
    for quantized, floats in zip(
        gguf.GGUFReader(second).tensors, gguf.GGUFReader(tmp_path / "floats.gguf").tensors, strict=True
    ):
        numbers = gguf.quants.dequantize(quantized.data, quantized.tensor_type)
        assert (numbers.reshape(-1) == floats.data.reshape(-1)).all()


@pytest.mark.parametrize(("name", "bits"), [("blk.3.attn_q.weight", 0x7F80), ("blk.0.ffn_up_exps.weight", 0xFFC1)])
@pytest.mark.parametrize("kind", ["Q8_0", "COPY", "F32"])
def test_numbers_that_are_none_are_named(knapsack, tmp_path, name, bits, kind):
    model = tmp_path / "bad.gguf"
    model.write_bytes(SMALL.read_bytes())
    with model.open("r+b") as file:
        tensor = next(tensor for tensor in gguf.GGUFReader(SMALL).tensors if tensor.name == name)
        file.seek(int(tensor.data_offset) + 2 * 300)
        file.write(bits.to_bytes(2, "little"))
    done = knapsack("quantize", model, tmp_path / "out.gguf", kind, "--threads", "2").expect(1)
    assert name in done.stderr and "element 300" in done.stderr
    assert list(tmp_path.iterdir()) == [model]


def test_a_number_that_f16_cannot_hold_is_named(knapsack, tmp_path):
    model = tmp_path / "large.gguf"
    writer = gguf.GGUFWriter(model, "llama")
    writer.add_block_count(1)
    import numpy

    numbers = numpy.ones((2, 64), dtype=numpy.float32)
    numbers[1, 5] = 70000
    writer.add_tensor("blk.0.attn_q.weight", numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    done = knapsack("quantize", model, tmp_path / "out.gguf", "F16").expect(1)
    assert "blk.0.attn_q.weight" in done.stderr and "70000" in done.stderr and "element 69" in done.stderr
    knapsack("quantize", model, tmp_path / "out.gguf", "BF16").expect(0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Q4_K_XL"], "Q4_K_M"),
        (["Q4_0", "--threads", "0"], "--threads"),
        (["Q4_0", "--tensor-type", "ffn"], "PATTERN=TYPE"),
        (["Q4_0", "--tensor-type", "(=q8_0"], "regular expression"),
        (["Q4_0", "--output-tensor-type", "q9"], "q9"),
        (["Q4_0", "--override-kv", "x=int:y"], "whole number"),
        (["Q4_0", "--split-max-size", "4 parsecs"], "--split-max-size"),
        (["Q4_0", "--split-max-size", "1G", "--keep-split"], "exclude"),
        (["Q4_0", "--include-weights", "ffn"], "--imatrix"),
        (["Q4_0", "--imatrix", "none.gguf"], "none.gguf"),
    ],
)
def test_says_what_is_wrong_before_any_work(knapsack, tmp_path, arguments, words):
    done = knapsack("quantize", SMALL, tmp_path / "out.gguf", *arguments).expect(2)
    assert words in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_output_is_never_the_input(knapsack, tmp_path):
    model = tmp_path / "model.gguf"
    model.write_bytes(SMALL.read_bytes())
    (tmp_path / "link.gguf").symlink_to("model.gguf")
    for output in ("model.gguf", "link.gguf"):
        done = knapsack("quantize", "link.gguf", output, "COPY", cwd=tmp_path).expect(2)
        assert "model that is read" in done.stderr
    assert sha256(model) == sha256(SMALL)


def sparse_model(path: Path, size: int) -> None:
    """A model of zeros that takes no space: two tensors of F32, each of half the size."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    rows = size // 2 // 4 // 4096
    for name in ("blk.0.ffn_down.weight", "blk.0.ffn_up.weight"):
        writer.add_tensor_info(name, (rows, 4096), "float32", rows * 4096 * 4, gguf.GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    start = -(-path.stat().st_size // 32) * 32
    os.truncate(path, start + 2 * rows * 4096 * 4)


def test_an_interrupted_run_leaves_nothing(knapsack, tmp_path):
    model = tmp_path / "sparse.gguf"
    sparse_model(model, 64 << 30)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = knapsack.start("quantize", model, tmp_path / "out.gguf", "Q8_0")
        while process.poll() is None and not (tmp_path / ".out.gguf.partial").exists():
            time.sleep(0.001)
        time.sleep(0.2)
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert list(tmp_path.iterdir()) == [model]


def test_what_a_killed_run_left_is_taken_over(knapsack, tmp_path):
    model = tmp_path / "sparse.gguf"
    sparse_model(model, 64 << 30)
    process = knapsack.start("quantize", model, tmp_path / "out.gguf", "Q8_0")
    while not (tmp_path / ".out.gguf.partial").exists():
        time.sleep(0.001)
    busy = knapsack("quantize", SMALL, tmp_path / "out.gguf", "COPY").expect(2)
    assert "another knapsack" in busy.stderr
    process.kill()
    process.communicate(timeout=60)
    knapsack("quantize", SMALL, tmp_path / "out.gguf", "COPY").expect(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.gguf", "sparse.gguf"]


def test_a_file_past_the_limit_leaves_nothing(knapsack, tmp_path):
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 100; exec {knapsack.binary} quantize {SMALL} {tmp_path}/out.gguf COPY"],
        capture_output=True,
        env=knapsack.environment(),
    )
    assert done.returncode == 2 and b"too large" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_model(knapsack, tmp_path):
    model = tmp_path / "sparse.gguf"
    sparse_model(model, 1 << 30)
    process = knapsack.start("quantize", model, tmp_path / "out.gguf", "Q8_0", "--threads", "4")
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        peak = max([peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.01)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert 0 < peak < 150_000
