"""What tests that run models have in common."""

import os
import subprocess

import pytest


@pytest.fixture(scope="session")
def transformers_5() -> None:
    command = [os.environ["KNAPSACK_LLAMA_PYTHON"], "-c", "import transformers; print(transformers.__version__)"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, found.split(".")[:2])) < (5, 23):
        pytest.skip(f"KNAPSACK_LLAMA_PYTHON has transformers {found}, and these models are of 5.23")
