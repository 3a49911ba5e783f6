"""What some tests need and not every machine has. Such a test is skipped with a sentence, which the summary shows.

    pytestmark = needs.CONVERTER
    @pytest.mark.parametrize("model", needs.cases(models(), needs.ORACLE))
"""

import os

import pytest


def variable(name: str, what: str) -> pytest.MarkDecorator:
    """Skips unless an environment variable is set."""
    return pytest.mark.skipif(not os.environ.get(name), reason=f"{name} does not name {what}")


def cases(found: list, need: pytest.MarkDecorator) -> list:
    """The arguments of a test; if there are none, one that is skipped with the reason, so that the test has a name."""
    return found or [pytest.param(None, marks=need, id="none")]


CONVERTER = variable("KNAPSACK_CONVERT_HF", "convert_hf_to_gguf.py")
GGML = variable("KNAPSACK_GGML", "a libggml-base.so without fused multiply-add")
LLAMA_CPP = variable("KNAPSACK_LLAMA_CPP", "the folder with llama.cpp's programs")
LLAMA_PYTHON = variable("KNAPSACK_LLAMA_PYTHON", "a Python with llama-cpp-python")
LLAMA_QUANTIZE = variable("KNAPSACK_LLAMA_QUANTIZE", "llama-quantize")
ORACLE = variable("KNAPSACK_ORACLE", "the folder of what the reference made")
SCHEMATHESIS = variable("KNAPSACK_SCHEMATHESIS", "schemathesis (st, version 4)")
SPDX_SCHEMA = variable("KNAPSACK_SPDX_SCHEMA", "a copy of SPDX's JSON Schema")
SKLEARN = variable("KNAPSACK_SKLEARN_PYTHON", "a Python with scikit-learn and joblib")
ONNX_RUNTIME = variable("KNAPSACK_ONNX_PYTHON", "a Python with onnx, and onnxruntime 1.24 or later")
KERAS = variable("KNAPSACK_KERAS_PYTHON", "a Python with Keras 3.15 or later")
KERAS_PYTHON = os.environ.get("KNAPSACK_KERAS_PYTHON", "")
ONNX_PYTHON = os.environ.get("KNAPSACK_ONNX_PYTHON", "")
