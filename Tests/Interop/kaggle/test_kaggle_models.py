"""A bundle that becomes a Kaggle model: the real clients' own checks of its metadata, and what they upload."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import notebook
import pytest
from cli import contents
from conftest import SHARDED

METADATA = ["model-instance-metadata.json", "model-metadata.json"]

COMMAND = """\
import json, sys
from kaggle.api.kaggle_api_extended import KaggleApi
api = KaggleApi()
api.authenticate()
model = api.model_create_new(sys.argv[1])
variation = api.model_instance_create(sys.argv[1], quiet=True, dir_mode=sys.argv[2])
print(json.dumps([model.ref, variation.ref, model.error or variation.error]))
"""

KAGGLEHUB = """\
import sys, kagglehub
kagglehub.model_upload("tester/small-model/transformers/1.5b-it", sys.argv[1], license_name="Apache 2.0")
"""

MODEL = """\
schema = 1
[bundle]
kind       = "model"
name       = "small-model"
owner      = "tester"
title      = "A small model"
license    = "Apache 2.0"
framework  = "{framework}"
variation  = "1.5b-it"
base-model = "{base}"
[[model]]
name   = "sharded"
source = "hf:{source}@main"
"""


def model(framework: str = "transformers", base: str = "tester/base/transformers/1b") -> str:
    return MODEL.format(framework=framework, base=base, source=SHARDED)


@pytest.fixture(scope="module")
def bundle(knapsack, caches, tmp_path_factory):
    directory = tmp_path_factory.mktemp("model")
    path = directory / "model.toml"
    path.write_text(model())
    runner = knapsack.with_caches(caches.hub, caches.kagglehub)
    runner("lock", path).expect(0)
    runner("check", path).expect(0)
    done = runner("pack", path, "--output", directory / "small-model").expect(0)
    assert "kaggle models create" in done.text and "kaggle models instances create" in done.text
    return directory / "small-model"


def run(kaggle, code: str, bundle, scratch, *arguments: str) -> str:
    variables = {**kaggle.client_environment(), "PATH": os.environ["PATH"], "HOME": str(scratch), "TMPDIR": str(scratch)}
    command = [sys.executable, "-c", code, str(bundle), *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def arrived(created, place):
    """What Kaggle makes of an upload: it unpacks an archive into a directory of its name."""
    for name, content in created.files.items():
        if name.endswith(".zip"):
            zipfile.ZipFile(io.BytesIO(content)).extractall(place / name.removesuffix(".zip"))
        elif name.endswith(".tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(place / name.removesuffix(".tar"), filter="data")
        else:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
    return contents(place)


@pytest.mark.parametrize("mode", ["zip", "tar"])
def test_kaggle_command_creates_the_model_and_its_variation(kaggle, bundle, tmp_path, mode):
    answer = json.loads(run(kaggle, COMMAND, bundle, tmp_path, mode).strip().splitlines()[-1])
    assert answer == ["tester/small-model", "tester/small-model/transformers/1.5b-it", ""] or answer[2] is None
    asked = kaggle.models[-1]
    assert (asked["ownerSlug"], asked["slug"], asked["title"]) == ("tester", "small-model", "A small model")
    assert asked["isPrivate"] is True
    created = kaggle.created[-1]
    body = created.request["body"]
    assert (body["instanceSlug"], body["licenseName"]) == ("1.5b-it", "Apache 2.0")
    assert body["framework"] == "MODEL_FRAMEWORK_TRANSFORMERS"
    assert body["modelInstanceType"] == "MODEL_INSTANCE_TYPE_KAGGLE_VARIANT"
    assert body["baseModelInstance"] == "tester/base/transformers/1b"
    assert "knapsack.activate()" in body["usage"] and "&lt;" not in body["usage"] + asked["description"]
    expected = {name: content for name, content in contents(bundle).items() if name not in METADATA}
    assert arrived(created, tmp_path / "arrived") == expected


@pytest.mark.smoke
def test_kagglehub_uploads_all_of_it(kaggle, bundle, tmp_path):
    run(kaggle, KAGGLEHUB, bundle, tmp_path)
    created = kaggle.created[-1]
    assert created.request["body"]["instanceSlug"] == "1.5b-it"
    assert arrived(created, tmp_path / "arrived") == contents(bundle)


@pytest.mark.root
def test_what_arrives_loads_and_verifies(knapsack, bundle, base, tmp_path):
    mounted = tmp_path / "arrived"
    shutil.copytree(bundle, mounted)
    for name in METADATA:
        (mounted / name).unlink()
    answer = notebook.run_cell(
        f"""\
{notebook.ACTIVATE}
import json
knapsack.verify("full")
from huggingface_hub import snapshot_download
print(json.dumps(snapshot_download("{SHARDED}")))
""",
        {"/kaggle/input/models/tester/small-model/transformers/1.5b-it/1": mounted},
        hidden=(base,),
    ).json()
    assert "models--tester--sharded" in answer


@pytest.mark.smoke
def test_verify_knows_the_metadata(knapsack, bundle, tmp_path):
    knapsack("verify", bundle).expect(0)
    for name in METADATA:
        copy = tmp_path / name
        shutil.copytree(bundle, copy)
        (copy / name).unlink()
        # Kaggle keeps it: what comes back from there lacks it, and it follows from the lock.
        assert name in knapsack("verify", copy, "--verbose").expect(0).text
        (copy / name).write_text("{}\n")
        assert f"{name} has other content" in knapsack("verify", copy).expect(1).text
        shutil.copyfile(bundle / name, copy / name)
        (copy / "dataset-metadata.json").write_text("{}\n")
        assert "dataset-metadata.json is not in the lock" in knapsack("verify", copy).expect(1).text


def test_unpack_gives_the_files_back(knapsack, bundle, tmp_path):
    knapsack("unpack", bundle, "--to", tmp_path / "out").expect(0)
    assert contents(tmp_path / "out" / "sharded") == contents(bundle / "models" / "sharded")


def frameworks(knapsack) -> list[str]:
    schema = json.loads(knapsack("schema", "manifest").expect(0).stdout)
    return schema["properties"]["bundle"]["properties"]["framework"]["enum"]


FRAMEWORKS = """\
import json, sys
from kaggle.api.kaggle_api_extended import KaggleApi
from kagglehub.handle import parse_model_handle
from kagglesdk.models.types.model_enums import ModelFramework
api, found = KaggleApi(), set()
for name in json.loads(sys.argv[1]):
    framework = parse_model_handle(f"o/m/{name}/v").framework_enum()
    assert framework == api.lookup_enum(ModelFramework, ModelFramework.MODEL_FRAMEWORK_API, name), name
    found.add(framework)
print([framework.name for framework in set(ModelFramework) - found])
"""


def test_both_clients_know_every_framework(knapsack, kaggle, tmp_path):
    answer = run(kaggle, FRAMEWORKS, json.dumps(frameworks(knapsack)), tmp_path)
    assert answer.strip().splitlines()[-1] == "['MODEL_FRAMEWORK_UNSPECIFIED']"


WRONG = {
    "no framework": ('framework  = "transformers"\n', "", "`framework`"),
    "no variation": ('variation  = "1.5b-it"\n', "", "`variation`"),
    "no licence": ('license    = "Apache 2.0"\n', "", "`license`"),
    "a dataset's licence": ('"Apache 2.0"', '"other"', "`license`"),
    "unknown framework": ('"transformers"\nvar', '"torch"\nvar', "`framework`"),
    "keywords": ("[[model]]", 'keywords = ["nlp"]\n[[model]]', "`keywords`"),
    "wrong base": ("tester/base/transformers/1b", "tester/base", "`base-model`"),
    "a dataset": ('"model"', '"dataset"', "`framework`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_manifests_say_what_is_wrong(knapsack, tmp_path, case):
    old, new, expected = WRONG[case]
    path = tmp_path / "model.toml"
    assert old in model()
    path.write_text(model().replace(old, new, 1))
    done = knapsack("check", path).expect(2)
    assert expected in done.text
    assert f"{path}:" in done.text


BOUNDS = [
    ("abcdef", "A title", None),
    ("abcde", "A title", None),
    ("a" * 50, "A title", None),
    ("abcdef", "Title", None),
    ("abcdef", "T" * 50, None),
    ("abcdef", "T" * 51, None),
    ("abcdef", "Ünïcö", None),
    ("abcdef", "Ünïcöd", None),
    ("abcdef", "A title", "S" * 19),
    ("abcdef", "A title", "S" * 20),
    ("abcdef", "A title", "S" * 80),
    ("abcdef", "A title", "S" * 81),
]

DATASET = """\
import sys
from kaggle.api.kaggle_api_extended import KaggleApi
api = KaggleApi()
api.authenticate()
for directory in sys.argv[1:]:
    try:
        api.dataset_create_new(directory, dir_mode="zip", quiet=True)
        print("taken")
    except ValueError as error:
        print("refused")
"""


def test_check_and_the_kaggle_command_refuse_the_same(knapsack, kaggle, tmp_path):
    """What `check` decides from the lock is what the command decides of the bundle before it uploads."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a\n")
    verdicts, bundles = [], []
    for number, (name, title, subtitle) in enumerate(BOUNDS):
        path = tmp_path / f"{number}.toml"
        lines = ["schema = 1", "[bundle]", f'name = "{name}"', 'owner = "tester"', f'title = "{title}"']
        lines += [f'subtitle = "{subtitle}"'] if subtitle else []
        path.write_text("\n".join([*lines, "[[files]]", 'name = "n"', 'source = "path:notes"', ""]))
        knapsack("lock", path).expect(0)
        verdicts.append({0: "taken", 1: "refused"}[knapsack("check", path).expect(0, 1).code])
        done = knapsack("pack", path, "--frozen", "--output", tmp_path / f"bundle-{number}")
        done.expect(0)
        bundles.append(tmp_path / f"bundle-{number}")
    answer = run(kaggle, DATASET, bundles[0], tmp_path, *map(str, bundles[1:]))
    assert [line for line in answer.splitlines() if line in ("taken", "refused")] == verdicts
