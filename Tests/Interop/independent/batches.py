"""What `lock` and `check` find in many small models at once: one manifest with an entry a model."""

import json
from pathlib import Path

from cli import Knapsack, manifest
from instances import POLICY, Files, write

Found = dict[str, dict[str, str]]


def together(knapsack: Knapsack, folder: Path, cases: dict[str, Files], head: str = POLICY, kind: str = "model", **keys) -> Found:
    """The codes of findings with their severity, by the name of the case.

    What `lock` refuses is locked no further: the others are locked without it, and checked.
    """
    for name, files in cases.items():
        write(folder / name, files)
    found: Found = {name: {} for name in cases}

    def run(command: str, names: list[str]) -> bool:
        entries = [{"name": name, "source": f"path:{name}", "license": "mit", **keys} for name in names]
        (folder / "m.toml").write_text(manifest(head=head, **{kind: entries}))
        done = knapsack(command, folder / "m.toml", "--json", timeout=120)
        assert done.code in (0, 1, 2) and done.stdout, (done.code, done.text[-2000:])
        findings = json.loads(done.stdout)["findings"]
        for finding in findings:
            for name in names:
                if finding["message"].startswith(f"{name}:") or finding.get("entry") == name:
                    if found[name].get(finding["code"]) != "error":
                        found[name][finding["code"]] = finding["severity"]
        return (folder / "m.lock").exists()

    left = list(cases)
    while left and not run("lock", left):
        refused = {name for name in left if "error" in found[name].values()}
        assert refused, "nothing was locked, and no entry has an error"
        left = [name for name in left if name not in refused]
    if left:
        run("check", left)
    return found
