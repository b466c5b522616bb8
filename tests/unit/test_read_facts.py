"""Our own YAML files mean what PyYAML's safe loader says of them, though they are read without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from converter.data import read_facts, source_named, sources

PACKAGE = Path(__file__).parent.parent.parent / "converter"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def test_every_file_of_facts_means_what_the_safe_loader_says() -> None:
    files = sorted(PACKAGE.rglob("*.yml"))
    assert len(files) > 200
    for path in files:
        # The texts are compared: 1, 1.0 and true are equal in Python.
        assert repr(read_facts(path)) == repr(yaml.load(path.read_text("utf-8"), Loader=LOADER)), path


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: 1.5\nc: yes\nd: ~\ne: 2026-01-02\nf: '1'\ng: 0x1f\n",
        "- &one {a: [1, x]}\n- *one\n- - &two deep\n  - *two\n",
        "? key\n: |\n  a block\n  of lines\n",
        "on: true\n1: number\n",
        "just a text",
    ],
)
def test_forms_of_yaml_mean_what_the_safe_loader_says(text: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.yml"
    path.write_text(text, encoding="utf-8")
    assert repr(read_facts(path)) == repr(yaml.load(text, Loader=LOADER))


def test_a_log_source_is_found_by_its_id_as_among_all() -> None:
    for name in (*sources(), "", "windows", "windows_none", "none", "../windows_x", "any_webserver"):
        assert source_named(name) is sources().get(name)
