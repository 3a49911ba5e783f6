"""A cell that computes MiniLM's answers, to be compared bit for bit."""

from genuine import MINILM

EMBED = f"""\
import hashlib, json, torch
from transformers import AutoModel, AutoTokenizer
tokens = AutoTokenizer.from_pretrained("{MINILM}")(
    ["A knapsack holds what you carry.", "Ünïcödé, 数字 and 42!", ""], padding=True, return_tensors="pt"
)
with torch.no_grad():
    states = AutoModel.from_pretrained("{MINILM}")(**tokens).last_hidden_state
print(json.dumps({{
    "tokens": tokens["input_ids"].tolist(),
    "shape": list(states.shape),
    "first": states[0, 0, :4].tolist(),
    "states": hashlib.sha256(states.numpy().tobytes()).hexdigest(),
}}))
"""
