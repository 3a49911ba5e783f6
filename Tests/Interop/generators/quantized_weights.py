"""Quantizes tensors by every method whose checkpoints can be converted, to random numbers of the right form.

What is stored has nothing to do with what was there but for names and shapes: it is the reading that is tested. Every
function gives what `edit` of model_specs.py takes; torch is imported only where tensors are made.
"""

MATRICES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "kv_b_proj", "q_b_proj",
            "q_a_proj", "kv_a_proj_with_mqa")  # fmt: skip


def each(change):
    """Applies `change(name, tensor)`, which gives new tensors by their names, to every matrix of a block."""

    def edit(tensors):
        result = {}
        for name, tensor in tensors.items():
            wanted = name.endswith(".weight") and name.split(".")[-2] in MATRICES and tensor.dim() == 2
            result.update(change(name, tensor) if wanted else {name: tensor})
        return result

    return edit


def eight_bits(shape, kind):
    import torch

    if kind == "int8":
        return torch.randint(-128, 128, shape, dtype=torch.int8)
    # All bytes but those that are no numbers.
    codes = torch.randint(0, 256, shape, dtype=torch.uint8)
    limit = 0x7E if kind == "e4m3" else 0x7B
    codes = torch.where((codes & 0x7F) > limit, codes & 0x8F, codes)
    return codes.view(torch.float8_e4m3fn if kind == "e4m3" else torch.float8_e5m2)


def scales(shape, dtype):
    import torch

    return (torch.rand(shape) * 0.02 + 0.001).to(getattr(torch, dtype))


def scaled(*, block=None, per="block", kind="e4m3", dtype="float32", suffix="weight_scale_inv", more=()):
    """Numbers of 8 bits with scales for blocks, rows, or all; `more` are names of tensors that are not used."""

    def change(name, tensor):
        import torch

        rows, columns = tensor.shape
        if per == "block":
            shape = [-(-rows // block[0]), -(-columns // block[1])]
        else:
            shape = {"row": [rows, 1], "flat": [rows], "one": [1], "scalar": []}[per]
        start = name.removesuffix("weight")
        beside = {start + other: torch.ones([]) for other in more}
        return {name: eight_bits(tensor.shape, kind), start + suffix: scales(shape, dtype)} | beside

    return each(change)


def gptq(bits, *, group=32, act_order=False, word="int32", scale="float16", negative=False):
    def change(name, tensor):
        import torch

        outputs, inputs = tensor.shape
        kind = getattr(torch, word)
        per_word = kind.itemsize * 8 // bits
        groups = 1 if group < 0 else inputs // group
        order = torch.arange(inputs, dtype=torch.int32) // (inputs if group < 0 else group)
        if act_order:
            order = order[torch.randperm(inputs)]
        if negative:
            order = torch.where(order == groups - 1, -1, order)

        def words(*shape):
            low, high = torch.iinfo(kind).min, torch.iinfo(kind).max
            return torch.randint(low, high, shape, dtype=kind)

        start = name.removesuffix("weight")
        return {start + "qweight": words(inputs // per_word, outputs), start + "qzeros": words(groups, outputs // per_word),
                start + "scales": scales([groups, outputs], scale), start + "g_idx": order}  # fmt: skip

    return each(change)


def packed(bits, *, group=32, zeros=False, dtype="bfloat16"):
    """compressed-tensors' pack-quantized."""

    def change(name, tensor):
        import torch

        rows, columns = tensor.shape
        per_word = 32 // bits

        def words(*shape):
            return torch.randint(-(2**31), 2**31, shape, dtype=torch.int32)

        result = {name + "_packed": words(rows, -(-columns // per_word)), name + "_shape": torch.tensor([rows, columns]),
                  name + "_scale": scales([rows, columns // group], dtype)}  # fmt: skip
        if zeros:
            result[name + "_zero_point"] = words(-(-rows // per_word), columns // group)
        return result

    return each(change)


def ternary(dtype="bfloat16", shape=(1,)):
    def change(name, tensor):
        import torch

        rows, columns = tensor.shape
        return {name: torch.randint(0, 256, (rows // 4, columns), dtype=torch.uint8), name + "_scale": scales(shape, dtype)}

    return each(change)


def four_bits(*, names=("weight", "weight_scale_2", "input_scale"), plain=(), ones=False):
    """NVFP4; `plain` are parts of names of matrices that have 8 bits and a scale instead."""

    def change(name, tensor):
        import torch

        rows, columns = tensor.shape
        if any(part in name for part in plain):
            return {name: eight_bits(tensor.shape, "e4m3"), name + "_scale": scales([], "float32")}
        start = name.removesuffix("weight")
        result = {start + names[0]: torch.randint(0, 256, (rows, columns // 2), dtype=torch.uint8),
                  name + "_scale": eight_bits((rows, columns // 16), "e4m3")}  # fmt: skip
        for other in names[1:]:
            result[start + other] = torch.ones([]) if ones else torch.rand([1] if "global" in other else []) + 0.25
        return result

    return each(change)


def stacked(edit):
    """Experts as one tensor a block, as transformers 5 has them."""

    def change(tensors):
        import torch

        result = {name: tensor for name, tensor in tensors.items() if ".experts." not in name}
        for start in sorted({name.split(".experts.")[0] for name in tensors if ".experts." in name}):
            def part(which):
                names = [name for name in tensors if name.startswith(start + ".experts.") and name.endswith(f".{which}.weight")]
                return torch.stack([tensors[name] for name in sorted(names)])

            result[start + ".experts.gate_up_proj"] = torch.cat([part("gate_proj"), part("up_proj")], dim=1)
            result[start + ".experts.down_proj"] = part("down_proj")
        for name in [name for name in result if name.endswith(("experts.gate_up_proj", "experts.down_proj"))]:
            count, rows, columns = result[name].shape
            result[name] = eight_bits((count, rows, columns), "e4m3")
            result[name + "_scale_inv"] = scales([count, -(-rows // 16), -(-columns // 32)], "float32")
        return edit(result)

    return change


def rows_of_all(tensors):
    """gpt-oss' blocks with every byte, in scales too where it is a number."""
    from model_specs_more import blocks

    import torch

    result = blocks(tensors)
    for name in result:
        if name.endswith("_scales"):
            result[name] = torch.randint(0, 255, result[name].shape, dtype=torch.uint8)
    return result
