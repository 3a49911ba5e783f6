"""All that a server describes of itself against that description, by schemathesis, which makes requests of it: allowed ones and wrong ones.

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

# What a source, a manifest, a day or two sizes mean is not in it, either.
[[operations]]
include-path-regex = "^/api/(marketplace|analytics|bundles|optimizations)"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "429", "5xx"]
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
    nowhere = "http://127.0.0.1:9"
    runner = knapsack.with_caches(caches.hub, HF_ENDPOINT=nowhere, http_proxy=nowhere, https_proxy=nowhere)
    with serving(runner, "--catalogue", str(tmp_path / "c"), "--state", str(tmp_path / "s"), "--analytics") as server:
        command = [os.environ["KNAPSACK_SCHEMATHESIS"], "run", f"{server.url}/openapi.json", "--seed", str(seed)]
        done = subprocess.run(
            [*command, "--max-examples", "40", *RUNS[run]], cwd=tmp_path, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr
        assert "Selected: 39/39" in done.stdout and (run == "series" or "Tested: 39" in done.stdout), done.stdout
        assert server.process.poll() is None
