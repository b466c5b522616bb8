"""The program's own YAML files hold no key twice and name a source for their facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.data import fields
from converter.formats import read

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "converter").rglob("*.yml"))


@pytest.mark.parametrize("name", FILES)
def test_file_reads_as_strictly_as_a_rule(name: str) -> None:
    """A key that stands twice would hide the first, silently, from the fast loader."""
    documents = read((ROOT / name).read_bytes(), name)
    assert isinstance(documents, tuple), documents.render()
    assert len(documents) == 1


def _is_facts(name: str) -> bool:
    folders = ("/fields/", "/views/", "/capabilities/")
    return any(one in name for one in folders) or name.endswith(("engine.yml", "capabilities.yml"))


@pytest.mark.parametrize("name", [one for one in FILES if _is_facts(one)])
def test_facts_name_their_source(name: str) -> None:
    """A table of facts says where they come from."""
    assert "ource" in (ROOT / name).read_text(encoding="utf-8")


def test_every_code_is_explained() -> None:
    """The codes of the program and those of codes.yml are the same; a number stands for one thing."""
    import re

    from converter.data import load

    used: set[str] = set()
    for path in (ROOT / "converter").rglob("*.py"):
        used |= set(re.findall(r"\"([RMSTVBP]\d{3})\"", path.read_text(encoding="utf-8")))
    used |= set(re.findall(r"code: ([RMSTVBP]\d{3})", (ROOT / "converter/targets/falco/capabilities.yml").read_text(encoding="utf-8")))
    assert used - set(load("codes.yml")) == set()
    assert set(load("codes.yml")) - used == set()


def test_a_value_is_written_in_the_form_of_its_field() -> None:
    """A part is completed in each way that the form has, a whole stays, and what cannot be one is left out."""
    user, hashes = fields("windows_process_creation")["User"], fields("windows_process_creation")["Hashes"]
    assert user.written("SYSTEM") == ("CORP\\SYSTEM", "SYSTEM\\anna")
    assert user.written("NT AUTHORITY\\SYSTEM") == ("NT AUTHORITY\\SYSTEM",)
    assert user.written("a\\b\\c") == ()
    assert hashes.written("MD5=" + "ab" * 16) == ("MD5=" + "AB" * 16,)
    assert hashes.written("MD5=xyz") == ()
    assert fields("windows_process_creation")["Image"].written("x") == ("x",)
