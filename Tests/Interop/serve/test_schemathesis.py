"""The registry of models against its own description, by schemathesis, which makes requests of it: allowed ones and wrong ones.

`KNAPSACK_SCHEMATHESIS` names the program (st, version 4).
"""

import os
import subprocess

import needs
import pytest
from serving import serving

# What a file holds is not in the description: one that is no zip, or no model, is refused with the reason.
SETTINGS = """
[[operations]]
include-name = "POST /ai-models/upload/folder"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "409"]

[[operations]]
include-name = "POST /ai-models/upload/single"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "409"]
"""


# In series only allowed requests are made. Of some, whose values come from answers before, schemathesis 4.32 says that they are
# wrong, and "positive test case" in the same sentence: what is wrong is asked for singly.
RUNS = {
    "single": ["--phases", "examples,coverage,fuzzing"],
    "series": ["--phases", "stateful", "--mode", "positive", "--exclude-checks", "negative_data_rejection"],
}


@pytest.mark.slow
@needs.SCHEMATHESIS
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("run", RUNS)
def test_schemathesis_finds_nothing(knapsack, caches, tmp_path, run, seed):
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path / "c")) as server:
        command = [os.environ["KNAPSACK_SCHEMATHESIS"], "run", f"{server.url}/openapi.json", "--seed", str(seed)]
        done = subprocess.run(
            [*command, "--max-examples", "40", *RUNS[run]], cwd=tmp_path, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr
        assert "Tested: 9" in done.stdout, done.stdout
        assert server.process.poll() is None
