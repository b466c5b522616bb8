"""A bundle is the same bytes when another version of Python makes it, and each version finds the other's sound."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONVERTER = Path(sys.executable).with_name("converter")
TARGETS = [
    word
    for name in ("elastic", "splunk", "falco", "python", "elastic-ndjson", "splunk-app", "falco-rules", "python-package")
    for word in ("-t", name)
]
MINORS = [minor for minor in (11, 12, 13, 14) if sys.version_info[:2] != (3, minor)]
pytestmark = pytest.mark.slow


def interpreter(minor: int) -> str | None:
    """Return a Python of this version that can make environments."""
    named = [shutil.which(f"python3.{minor}"), *glob.glob(os.path.expanduser(f"~/.pyenv/versions/3.{minor}.*/bin/python"))]
    for one in filter(None, named):
        probe = [one, "-c", f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, {minor}))"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return str(one)
    return None


def bundle(converter: Path, made: Path, pack: Path, **more: Any) -> None:
    """Make a bundle of a pack; what is left out of it is told, and is as much the same everywhere."""
    done = subprocess.run([converter, "bundle", *TARGETS, "-o", made], cwd=pack, capture_output=True, text=True, check=False, **more)
    assert done.returncode in (0, 1), done.stderr
    assert made.is_file(), done.stderr


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles that this Python makes of the project's own pack, and the pack as it was then."""
    folder = tmp_path_factory.mktemp("here")
    for name in ("rules", "output", "LICENSES"):
        shutil.copytree(ROOT / name, folder / "pack" / name)
    for kind in ("tar", "tgz", "zip"):
        bundle(CONVERTER, folder / f"b.{kind}", folder / "pack")
    return folder


@pytest.mark.parametrize("minor", MINORS)
def test_another_python_makes_the_same_bytes(minor: int, expected: Path, tmp_path: Path) -> None:
    """Under another version of Python, umask, time zone, locale and hash seed a bundle has the same bytes."""
    python = interpreter(minor)
    if python is None:
        pytest.skip(f"no other Python 3.{minor} on this machine: nothing was shown of it")
    subprocess.run([python, "-m", "venv", tmp_path / "env"], check=True, capture_output=True)
    pip = [tmp_path / "env/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    needs = subprocess.run(
        [*pip, "--require-hashes", "-r", ROOT / "requirements/build.txt"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if needs.returncode:
        pytest.skip(f"what the converter needs cannot be installed under Python 3.{minor}: {needs.stderr[-300:]}")
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", ROOT], check=True, capture_output=True)
    surroundings = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONHASHSEED": str(minor),
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
    }
    converter = tmp_path / "env/bin/converter"
    for kind in ("tar", "tgz", "zip"):
        made = tmp_path / f"b.{kind}"
        bundle(converter, made, expected / "pack", env=surroundings, umask=0o77)
        assert made.read_bytes() == (expected / made.name).read_bytes()
        subprocess.run([converter, "verify-bundle", expected / made.name], check=True, capture_output=True, env=surroundings)
        subprocess.run([CONVERTER, "verify-bundle", made], check=True, capture_output=True)
