"""The kernels for newer processors: the same bytes, and none of their instructions anywhere else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from project import FIXTURES

SMALL = FIXTURES / "gguf" / "small.gguf"
LEVELS = {"baseline", "v3", "v4"}


def build() -> Path:
    return Path(os.environ["KNAPSACK_BIN"]).resolve().parent


def symbols(module: str, kind: str) -> set[str]:
    """The names of one kind of a module's objects, with the module's own name as `Kernels`."""
    nm = shutil.which("nm") or shutil.which("llvm-nm")
    objects = sorted((build() / f"{module}.build").rglob("*.o"))
    if not objects or nm is None:
        pytest.skip("the program is not beside the objects that it was linked of")
    listed = subprocess.run([nm, "--defined-only", *objects], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {row[2].replace(module, "Kernels") for row in rows if len(row) == 3 and row[1] == kind}


def test_objects_of_any_processor_are_linked_first():
    lists = sorted(build().glob("knapsack.product/Objects.LinkFileList"))
    if not lists:
        pytest.skip("the program is not beside the objects that it was linked of")
    modules = [Path(line).parts for line in lists[0].read_text().split()]
    order = [next(part for part in parts if part.endswith(".build") and part != ".build") for parts in modules]
    assert order.index("Kernels.build") < order.index("KernelsV3.build") < order.index("KernelsV4.build")


@pytest.mark.parametrize("module", ["KernelsV3", "KernelsV4"])
def test_shared_functions_of_a_newer_level_are_there_for_any_processor(module):
    shared = symbols(module, "W")
    assert shared, "nm shows no weak functions"
    # What is named by the module's own types has a longer name there, and no other module has it.
    length = {name for name in shared if "Kernels" in name}
    assert shared - length <= symbols("Kernels", "W")


def forced(knapsack, level: str):
    return knapsack.with_caches(KNAPSACK_CPU=level)


@pytest.mark.smoke
def test_every_level_of_the_machine_makes_the_same_files(knapsack, tmp_path):
    levels = [level for level in LEVELS if forced(knapsack, level)("schema", "manifest").code == 0]
    assert "baseline" in levels
    for kind in ("Q4_K_M", "Q8_0", "IQ4_XS"):
        made = set()
        for level in [*levels, ""]:
            output = tmp_path / f"{kind}-{level}.gguf"
            forced(knapsack, level)("quantize", SMALL, output, kind, "--quiet").expect(0)
            made.add(output.read_bytes())
        assert len(made) == 1


def test_a_level_that_is_none_is_refused(knapsack):
    done = forced(knapsack, "v5")("schema", "manifest").expect(2)
    assert "KNAPSACK_CPU is v5, which is none of baseline, v3, v4" in done.stderr


def test_a_level_that_the_machine_lacks_is_refused(knapsack):
    lacking = [level for level in LEVELS if forced(knapsack, level)("schema", "manifest").code == 2]
    if not lacking:
        pytest.skip("this machine has every level")
    for level in lacking:
        assert f"KNAPSACK_CPU is {level}, but this machine has" in forced(knapsack, level)("schema", "manifest").stderr
