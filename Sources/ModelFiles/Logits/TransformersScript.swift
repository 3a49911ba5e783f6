/// The program that runs two models with transformers, as `python3 -c` takes it.
///
/// It does what llama-perplexity does: chunks that begin anew, the second half of each judged, the first token replaced by
/// the one for the beginning where the tokenizer has it. No code of a model is run, nothing is unpickled, and nothing is
/// loaded from the network.
enum TransformersScript {
    /// The program. Its arguments: the original, the other, the text, the tokens of a chunk, and the most chunks or 0.
    static let text = #"""
        import sys
        sys.path = [place for place in sys.path if place not in ("", ".")]
        import json, math, os
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
        import torch, transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer
        original, other, path, context, most = sys.argv[1:6]
        context, most = int(context), int(most)
        safe = dict(local_files_only=True, trust_remote_code=False)
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        tokenizers = [AutoTokenizer.from_pretrained(place, **safe) for place in (original, other)]
        if tokenizers[0].get_vocab() != tokenizers[1].get_vocab():
            print(json.dumps({"unlike": True}))
            sys.exit(0)
        ids = tokenizers[0](text, verbose=False)["input_ids"]
        first = tokenizers[0].bos_token_id
        begins = first is not None and len(ids) > 0 and ids[0] == first
        chunks = len(ids) // context
        if most:
            chunks = min(chunks, most)
        judged = context - 1 - context // 2
        if chunks * judged < 100:
            print(json.dumps({"short": chunks * judged}))
            sys.exit(0)
        models = [
            AutoModelForCausalLM.from_pretrained(place, dtype="auto", use_safetensors=True, **safe).eval()
            for place in (original, other)
        ]
        totals = dict(nll=[[], []], divergence=[], same=0)
        with torch.inference_mode():
            for number in range(chunks):
                part = ids[number * context:(number + 1) * context]
                if begins:
                    part = [first] + part[1:]
                tokens = torch.tensor([part])
                start = context // 2
                logs = [
                    torch.log_softmax(model(tokens, use_cache=False).logits[0, start:-1].double(), dim=-1)
                    for model in models
                ]
                if logs[0].shape != logs[1].shape:
                    print(json.dumps({"unlike": True}))
                    sys.exit(0)
                wanted = tokens[0, start + 1:, None]
                for place in (0, 1):
                    totals["nll"][place] += (-logs[place].gather(1, wanted)[:, 0]).tolist()
                terms = logs[0].exp() * (logs[0] - logs[1])
                totals["divergence"] += torch.nan_to_num(terms, nan=0.0).sum(dim=-1).tolist()
                totals["same"] += int((logs[0].argmax(dim=-1) == logs[1].argmax(dim=-1)).sum())
                print(number + 1, "of", chunks, file=sys.stderr, flush=True)
        def mean(values):
            middle = math.fsum(values) / len(values)
            spread = math.fsum((value - middle) ** 2 for value in values)
            return [middle, math.sqrt(spread / len(values) / (len(values) - 1))]
        def perplexity(values):
            middle, error = mean(values)
            return [math.exp(middle), math.exp(middle) * error]
        ordered = sorted(totals["divergence"])
        count = len(ordered)
        def part(share):
            place = share * (count - 1)
            low = int(place)
            high = min(low + 1, count - 1)
            return ordered[low] + (place - low) * (ordered[high] - ordered[low])
        share = totals["same"] / count
        print(json.dumps({
            "original": perplexity(totals["nll"][0]), "other": perplexity(totals["nll"][1]),
            "divergence": mean(totals["divergence"]), "median": part(0.5), "percentile99": part(0.99),
            "greatest": ordered[-1], "agreement": [share, math.sqrt(share * (1 - share) / (count - 1))],
            "chunks": chunks, "vocabulary": int(logs[0].shape[-1]),
        }, allow_nan=False))
        """#
}
