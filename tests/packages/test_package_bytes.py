"""A package is the same bytes wherever it is made: Python, umask, time zone, hash seed, locale, folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.targets.splunk.archive import tgz

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("elastic-ndjson", "splunk-app", "falco-rules", "python-package")
BUILD = """
import os, sys
os.umask(int(sys.argv[2], 8))
import yaml
# Another Python has no use for this one's C extensions; the converter reads without libyaml, too, pySigma asks for its name.
yaml.CSafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
from pathlib import Path
from converter.pack import Request, build
from converter.targets import target
build(Request([Path(sys.argv[3])], [target(name) for name in sys.argv[4:]], Path(sys.argv[1]), {}, frozenset()))
"""
SITE = next(path for path in sys.path if path.endswith("site-packages"))


def built(python: str, folder: Path, umask: str = "022", rules: str = "rules", **environment: str) -> dict[str, str]:
    """Return the hashes of everything that a build writes, by path."""
    done = subprocess.run(
        [python, "-c", BUILD, str(folder / "output"), umask, rules, *PACKAGES],
        cwd=ROOT, env={"PYTHONPATH": os.pathsep.join([str(ROOT), SITE]), "PATH": os.environ["PATH"], **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What this Python makes."""
    found = built(sys.executable, tmp_path_factory.mktemp("here"))
    assert len(found) >= 4 + 4 + 6
    return found


@pytest.mark.parametrize(
    ("umask", "environment"),
    [
        ("077", {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"}),
        ("000", {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "4242", "LC_ALL": "C", "PYTHONUTF8": "0"}),
        ("027", {"LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1", "PYTHONOPTIMIZE": "2"}),
    ],
)
def test_surroundings_change_nothing(umask: str, environment: dict[str, str], here: dict[str, str], tmp_path: Path) -> None:
    """Neither umask, time zone, hash seed nor locale is in a package."""
    assert built(sys.executable, tmp_path, umask, **environment) == here


VERSIONS = ("3.11", "3.12", "3.13", "3.14")


@pytest.mark.parametrize("version", VERSIONS)
def test_another_python_makes_the_same(version: str, tmp_path: Path) -> None:
    """Every Python that the converter runs on writes these bytes, here of the rules without a regular expression."""
    found = _python(version)
    probe = subprocess.run(
        [found, "-c", "import yaml, jinja2, click"], env={"PYTHONPATH": SITE}, capture_output=True, text=True, check=False
    )
    if probe.returncode:
        pytest.skip(f"Python {version} cannot import what the converter needs from this environment: {probe.stderr.splitlines()[-1]}")
    plain = "rules/kubernetes"
    assert built(found, tmp_path / "there", rules=plain) == built(sys.executable, tmp_path / "here", rules=plain)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS[2:])
def test_an_environment_of_another_python_makes_the_same(version: str, here: dict[str, str], tmp_path: Path) -> None:
    """All rules, with what the converter needs installed for that Python."""
    env = tmp_path / "env"
    subprocess.run([_python(version), "-m", "venv", env], check=True, capture_output=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "requirements/build.txt"]
    done = subprocess.run([env / "bin" / "python", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"what the converter needs could not be installed for Python {version}: {done.stderr.splitlines()[-1]}")
    assert built(str(env / "bin" / "python"), tmp_path / "made", PYTHONPATH=str(ROOT)) == here


def _python(version: str) -> str:
    """Return a Python of this version; one that is not installed is skipped."""
    kept = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), *(Path(p) for p in [shutil.which(f"python{version}")] if p)]
    found = next((str(path) for path in kept if path.is_file()), None)
    if found is None:
        pytest.skip(f"Python {version} is not installed: that it makes the same bytes was not shown")
    return found


def test_the_archive_says_nothing_of_its_maker(tmp_path: Path) -> None:
    """No name, no time, no system in gzip's head; nobody's files from 1970 in tar's."""
    data = tgz("app", {"a/b.txt": b"x", "c.txt": b""})
    assert data[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        entries = archive.getmembers()
    assert [(one.name, oct(one.mode)) for one in entries] == [
        ("app", "0o755"), ("app/a", "0o755"), ("app/a/b.txt", "0o644"), ("app/c.txt", "0o644"),
    ]  # fmt: skip
    assert {(one.mtime, one.uid, one.gid, one.uname, one.gname) for one in entries} == {(0, 0, 0, "", "")}


FILES = st.dictionaries(st.sampled_from(["a", "b/c", "b/d/e"]), st.binary(max_size=200) | st.just(bytes(70_000)), max_size=3)


@settings(max_examples=30, deadline=None)
@given(files=FILES)
def test_the_archive_gives_its_files_back(files: dict[str, bytes]) -> None:
    """The standard library, which did not write it, read every file as it went in; stored blocks beyond 64 KiB, too."""
    data = tgz("app", files)
    assert gzip.decompress(data)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        found = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]
    assert found == {f"app/{name}": content for name, content in files.items()}


def test_gzip_itself_takes_the_archive(tmp_path: Path) -> None:
    """The system's own tar lists it."""
    tar = shutil.which("tar")
    if tar is None:
        pytest.skip("there is no tar: that it reads the archive was not shown")
    path = tmp_path / "app.tgz"
    path.write_bytes(tgz("app", {"a/b": json.dumps({"a": 1}).encode() * 20_000}))
    done = subprocess.run([tar, "-tzf", path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["app/", "app/a/", "app/a/b"]
