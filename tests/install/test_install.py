"""The converter works from a wheel, from the wheel of an sdist, and from an editable install."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RULE = ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A wheel of the checkout, and one of the sdist of the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation"]
    subprocess.run([*build, "--wheel", "--outdir", str(folder / "direct"), str(ROOT)], check=True, capture_output=True)
    subprocess.run([*build, "--outdir", str(folder / "sdist"), str(ROOT)], check=True, capture_output=True)
    return [next((folder / one).glob("*.whl")) for one in ("direct", "sdist")]


def test_wheels_are_equal_and_whole(wheels: list[Path]) -> None:
    """A wheel is the same made from the checkout and from the sdist, and holds rules, templates and tables."""
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    names = zipfile.ZipFile(wheels[0]).namelist()
    for part in (
        "converter/_shipped/rules/kubernetes/",
        "converter/_shipped/templates/elastic/",
        "converter/data/attack.json",
        "converter/data/schemas/rule.json",
    ):
        assert any(name.startswith(part) for name in names), part


def test_an_installed_converter_converts(wheels: list[Path], tmp_path: Path) -> None:
    """What a fresh environment installs makes the committed output."""
    venv.create(tmp_path / "env", system_site_packages=False, with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheels[1])], check=True, capture_output=True)
    for target, ending in (("elastic", "toml"), ("splunk", "conf"), ("falco", "yaml"), ("python", "py")):
        done = subprocess.run([python.with_name("converter"), "convert", RULE, "-t", target], check=True, capture_output=True, cwd=tmp_path)
        assert done.stdout == (ROOT / "output" / target / f"kubernetes/audit/user_exec_into_pod.{ending}").read_bytes()
