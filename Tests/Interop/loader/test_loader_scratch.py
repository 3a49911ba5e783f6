"""A scratch directory that others can write to: the loader trusts nothing there that it did not make.

Needs pytest alone. What needs a second user runs where the tests run as root, and takes on that user's id.
"""

from __future__ import annotations

import os
import pathlib
import stat
import subprocess
import sys
import tempfile

import pytest
from bundles import Bundle, Split, hub, run, sha256

A, B = "a" * 40, "b" * 40
WHOLE = b"head" + bytes(range(256)) * 4000
STRANGER = 54321  # an ordinary user's id that nobody has

is_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes on another user's id, which only root may")


@pytest.fixture(params=["root", "stranger"])
def user(request):
    """Whom the loader runs as."""
    if os.geteuid() != 0:
        return os.geteuid() if request.param == "stranger" else pytest.skip("runs as root alone")
    return 0 if request.param == "root" else STRANGER


@pytest.fixture
def tmp_path():
    """pytest's own directories are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="knapsack-test-") as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


@pytest.fixture
def scratch(tmp_path):
    """As /tmp is: everybody can write to it, nobody can rename what is another's."""
    path = tmp_path / "scratch"
    path.mkdir()
    os.chmod(path, 0o1777)
    return path


@pytest.fixture
def bundle(tmp_path, scratch):
    bundle = Bundle(tmp_path / "input" / "one")
    bundle.store(f"store/{sha256(b'head')}", b"head")
    bundle.add("base", "model", {"w": WHOLE[4:]}, hub("org/base", A))
    pieces = [(f"store/{sha256(b'head')}", 0, 4), ("models/base/w", 0, len(WHOLE) - 4)]
    bundle.add("tuned", "model", {"w": Split(WHOLE, *pieces)}, hub("org/tuned", B))
    return bundle.write()


def start(bundle, user, scratch, code, **options):
    home = scratch.parent / f"home-{user}"
    home.mkdir(exist_ok=True)
    values = {**os.environ, "KNAPSACK_SCRATCH": str(scratch), "PYTHONPATH": str(bundle.root), "HOME": str(home)}
    values["PYTHONDONTWRITEBYTECODE"] = "1"
    values.pop("KNAPSACK_ACTIVE", None)
    if os.geteuid() == 0:
        os.chown(home, user, user)
        options.update(user=user, group=user, extra_groups=[])
    # The interpreter of a virtual environment may be out of a stranger's sight.
    return subprocess.Popen(
        [PYTHON, "-c", code], env=values, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def _python():
    """A Python that every user may run: only the standard library is needed."""
    for path in (sys.executable, os.path.realpath(sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        if os.path.exists(path) and (os.geteuid() != 0 or _may_run(path)):
            return path
    return sys.executable


def _may_run(path):
    try:
        command = [path, "-c", "import json, hashlib, fcntl"]
        options = {"user": STRANGER, "group": STRANGER, "extra_groups": []}
        return subprocess.run(command, cwd="/", capture_output=True, **options).returncode == 0
    except OSError:
        return False


PYTHON = _python()
READ = (
    "import knapsack, os, hashlib; knapsack.activate();"
    "print(hashlib.sha256(open(knapsack.path('tuned') + '/w', 'rb').read()).hexdigest())"
)


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out.strip(), err


def expect_whole(bundle, user, scratch):
    code, out, err = finish(start(bundle, user, scratch, READ))
    assert (code, out) == (0, sha256(WHOLE)), err


def expect_refusal(bundle, user, scratch, what="is not a directory that only you can write to"):
    code, _, err = finish(start(bundle, user, scratch, READ))
    assert code == 1 and what in err, err
    assert "KNAPSACK_SCRATCH" in err.splitlines()[-1]


def own_home(scratch, user):
    return scratch / f"knapsack-{user}"


@pytest.fixture
def places(bundle, user, scratch):
    """What a first run made."""
    if user == STRANGER and os.geteuid() == 0 and not _may_run(PYTHON):
        pytest.skip("no Python that another user may run")
    expect_whole(bundle, user, scratch)
    home = own_home(scratch, user)
    inside = home / sha256((bundle.root / "knapsack.lock").read_bytes())[:16]
    return {
        "owner": home,
        "lock": inside,
        "rebuilt": inside / "rebuilt",
        "views": inside / "views",
        "proofs": inside / "proofs",
    }


# Directories that somebody prepared


@pytest.mark.parametrize("place", ["owner", "lock", "rebuilt", "views", "proofs"])
@pytest.mark.parametrize("trap", ["link", "open", "owner", "file"])
def test_refuses_a_directory_that_others_can_write_to(bundle, user, scratch, places, place, trap):
    path = places[place]
    if trap == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root may give a directory away")
        os.chown(path, user + 1, user + 1)
        os.chmod(path, 0o755)
    elif trap == "open":
        os.chmod(path, 0o777)
    else:
        path.rename(scratch.parent / "elsewhere")
        if trap == "link":
            path.symlink_to(scratch.parent / "elsewhere")
        else:
            path.touch()
    expect_refusal(bundle, user, scratch)


@pytest.mark.smoke
def test_refuses_a_view_that_others_can_write_to(bundle, user, scratch, places):
    for view in [path for path in places["views"].iterdir() if path.is_dir()]:
        mode = view.stat().st_mode
        view.chmod(0o777)
        expect_refusal(bundle, user, scratch)
        view.chmod(stat.S_IMODE(mode))
    expect_whole(bundle, user, scratch)


@pytest.mark.smoke
def test_a_directory_whose_names_all_can_change_is_no_scratch(bundle, user, scratch, places):
    os.chmod(scratch, 0o777)
    expect_refusal(bundle, user, scratch, "others can replace what is in it")


@is_root
@pytest.mark.parametrize("depth", [0, 1])
def test_a_directory_below_another_users_is_no_scratch(bundle, scratch, depth):
    """That user could rename it, and put a link in its place between a look at it and its use."""
    above = scratch.parent / "strangers"
    inner = above / "mine" if depth else above
    inner.mkdir(parents=True)
    os.chown(above, STRANGER, STRANGER)
    expect_refusal(bundle, 0, inner, f"{above}: others can replace what is in it")
    os.chown(above, 0, 0)
    expect_whole(bundle, 0, inner)


def test_the_default_is_never_such_a_directory(bundle, tmp_path, monkeypatch, scratch):
    code = "import knapsack; print(knapsack._default_scratch())"
    done = run(bundle, code, env={"TMPDIR": str(scratch), "KNAPSACK_SCRATCH": None}, sandbox=False)
    usual = done.stdout.strip() if os.path.isdir("/kaggle/temp") else str(scratch)
    assert done.stdout.strip() == usual
    os.chmod(scratch, 0o777)
    done = run(bundle, code, env={"TMPDIR": str(scratch), "KNAPSACK_SCRATCH": None}, sandbox=False)
    assert done.stdout.strip() != str(scratch)


# Views


TAKEN = {
    "a file": lambda link: (link.unlink(), link.write_bytes(b"evil")),
    "a directory": lambda link: (link.unlink(), link.mkdir(), (link / "x").write_bytes(b"evil")),
    "another link": lambda link: (link.unlink(), link.symlink_to("/etc/passwd")),
    "nothing": lambda link: link.unlink(),
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN.keys())
def test_a_link_that_something_took_the_place_of_is_put_back(bundle, tmp_path, take):
    scratch = tmp_path / "own"
    code = "import knapsack; knapsack.activate(); print(knapsack.path('tuned'))"
    views = run(bundle, code, scratch=scratch, sandbox=False).stdout
    links = [path for path in (scratch / f"knapsack-{os.getuid()}").rglob("w") if path.is_symlink()]
    assert len(links) >= 2 and views
    before = {link: os.readlink(link) for link in links}
    for link in links:
        take(link)
    again = run(bundle, code, scratch=scratch, sandbox=False).stdout
    assert again == views and {link: os.readlink(link) for link in links} == before


# Files that somebody prepared


CHANGES = {
    "content": lambda file, victim: (file.chmod(0o644), file.write_bytes(b"x" * len(WHOLE))),
    "a bit, with the times put back": lambda file, victim: flip(file),
    "a link to another file of that size": lambda file, victim: (
        victim.write_bytes(b"y" * len(WHOLE)),
        file.unlink(),
        file.symlink_to(victim),
    ),
    "a hard link": lambda file, victim: (victim.write_bytes(b"y" * len(WHOLE)), file.unlink(), os.link(victim, file)),
    "too short": lambda file, victim: (file.chmod(0o644), file.write_bytes(b"x")),
    "writable for all": lambda file, victim: file.chmod(0o666),
    "a directory": lambda file, victim: (file.unlink(), file.mkdir()),
    "gone": lambda file, victim: file.unlink(),
}


def flip(file):
    status = file.stat()
    file.chmod(0o644)
    with open(file, "r+b") as target:
        target.write(b"\0")
    file.chmod(0o444)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
def test_a_rebuilt_file_that_was_changed_is_put_together_again(bundle, user, scratch, places, change):
    [file] = places["rebuilt"].iterdir()
    victim = scratch.parent / "victim"
    CHANGES[change](file, victim)
    before = victim.read_bytes() if victim.exists() else None
    expect_whole(bundle, user, scratch)
    assert stat.S_ISREG(file.lstat().st_mode) and file.lstat().st_uid == user and file.read_bytes() == WHOLE
    assert victim.exists() == (before is not None) and (before is None or victim.read_bytes() == before)


@pytest.mark.parametrize("change", ["gone", "forged", "link"])
def test_a_proof_that_was_changed_proves_nothing(bundle, user, scratch, places, change):
    [proof], [file] = places["proofs"].iterdir(), places["rebuilt"].iterdir()
    text = proof.read_bytes()
    file.chmod(0o644)
    file.write_bytes(b"z" * len(WHOLE))
    proof.unlink()
    if change == "forged":
        proof.write_bytes(text)
    elif change == "link":
        proof.symlink_to(scratch.parent / "nowhere")
    expect_whole(bundle, user, scratch)


def test_an_unchanged_file_is_not_written_again(bundle, user, scratch, places):
    [file] = places["rebuilt"].iterdir()
    before = file.stat()
    expect_whole(bundle, user, scratch)
    assert (file.stat().st_ino, file.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_nothing_is_written_through_links_that_somebody_left(bundle, user, scratch, places):
    """The names that the loader writes to, each a link to a file of the user's."""
    victim = scratch.parent / "precious"
    [file] = places["rebuilt"].iterdir()
    names = [places["rebuilt"] / f".tmp-{file.name}", places["views"] / ".tmp", places["proofs"] / file.name]
    names += [site / "sitecustomize.py.new" for site in places["views"].glob("*.site")]
    for name in names:
        victim.write_bytes(b"mine")
        os.chmod(victim, 0o666)
        file.unlink(missing_ok=True)
        for site in places["views"].glob("*.site/sitecustomize.py"):
            site.write_text("raise SystemExit('not what was made')")
        name.unlink(missing_ok=True)
        name.symlink_to(victim)
        expect_whole(bundle, user, scratch)
        assert victim.read_bytes() == b"mine", name
        assert "not what was made" not in next(places["views"].glob("*.site/sitecustomize.py")).read_text()


def test_a_lock_that_is_a_link_is_refused(bundle, user, scratch, places):
    lock = places["owner"] / ".lock"
    lock.unlink()
    lock.symlink_to(scratch.parent / "created")
    [file] = places["rebuilt"].iterdir()
    file.unlink()
    expect_refusal(bundle, user, scratch, "cannot be written")
    assert not (scratch.parent / "created").exists()


# Many at once


def test_eight_processes_at_once(bundle, user, scratch):
    if user == STRANGER and os.geteuid() == 0 and not _may_run(PYTHON):
        pytest.skip("no Python that another user may run")
    for _ in range(3):
        processes = [start(bundle, user, scratch, READ) for _ in range(8)]
        assert [finish(process)[:2] for process in processes] == [(0, sha256(WHOLE))] * 8
        rebuilt = list(own_home(scratch, user).rglob("rebuilt/*"))
        assert [file.name for file in rebuilt] == [sha256(WHOLE)]
        rebuilt[0].unlink()


@is_root
def test_two_users_at_once_have_a_directory_each(bundle, scratch):
    if not _may_run(PYTHON):
        pytest.skip("no Python that another user may run")
    users = [0, STRANGER, STRANGER + 1] * 2
    processes = [start(bundle, user, scratch, READ) for user in users]
    assert [finish(process)[:2] for process in processes] == [(0, sha256(WHOLE))] * len(users)
    for user in set(users):
        status = own_home(scratch, user).stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (user, 0o700)


@is_root
def test_what_a_stranger_prepared_for_root_is_refused(bundle, scratch):
    """A name under /tmp can be foreseen: the whole directory, as the loader would have made it, but theirs."""
    expect_whole(bundle, 0, scratch)
    home = own_home(scratch, 0)
    for path in [home, *home.rglob("*")]:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    expect_refusal(bundle, 0, scratch)


@is_root
def test_the_variables_of_another_user_do_no_harm(bundle, scratch):
    """A process that root starts with a stranger's variables, and the other way round."""
    if not _may_run(PYTHON):
        pytest.skip("no Python that another user may run")
    for parent, child in ((0, STRANGER), (STRANGER, 0)):
        code = f"""
import knapsack, os, subprocess, sys
knapsack.activate()
print(os.environ["PYTHONPATH"])
print(os.environ["KNAPSACK_ACTIVE"])
"""
        out = finish(start(bundle, parent, scratch, code))[1].splitlines()
        process = subprocess.run(
            [PYTHON, "-c", "print('well')"],
            env={"PYTHONPATH": out[0], "KNAPSACK_ACTIVE": out[1], "PATH": os.environ["PATH"]},
            cwd="/",
            user=child,
            group=child,
            extra_groups=[],
            capture_output=True,
            text=True,
        )
        assert (process.returncode, process.stdout) == (0, "well\n"), process.stderr


# No space


SMALL = """
set -e
mount -t tmpfs -o size=600k,mode=1777 tmpfs "$1"
shift
exec "$@"
"""


@is_root
def test_a_full_scratch_is_told_and_leaves_nothing_behind(bundle, scratch):
    report = (
        "import knapsack, os, sys\n"
        "try:\n    knapsack.activate()\n"
        "except knapsack.KnapsackError as error:\n    print(error)\n"
        "print([name for at, _, files in os.walk(sys.argv[1]) for name in files if name.startswith('.tmp')])\n"
        "import shutil; real = shutil.disk_usage\n"
        "shutil.disk_usage = lambda path: type(real(path))(1 << 40, 0, 1 << 40)\n"  # full in the middle
        "try:\n    knapsack.activate()\n"
        "except knapsack.KnapsackError as error:\n    print(error)\n"
        "print([name for at, _, files in os.walk(sys.argv[1]) for name in files if name.startswith('.tmp')])\n"
        "knapsack.activate(names=['base'])\nprint('well')\n"
    )
    values = {**os.environ, "KNAPSACK_SCRATCH": str(scratch), "PYTHONPATH": str(bundle.root)}
    command = ["unshare", "--mount", "sh", "-c", SMALL, "sh", str(scratch), PYTHON, "-B", "-c", report, str(scratch)]
    done = subprocess.run(command, env=values, capture_output=True, text=True)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no namespaces on this machine")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert "1 file to rebuild here needs 1,024,004 bytes" in lines[0] and "KNAPSACK_SCRATCH" in lines[0]
    assert "cannot be written (No space left on device); set KNAPSACK_SCRATCH" in lines[2]
    assert lines[1] == lines[3] == "[]" and lines[4] == "well"
