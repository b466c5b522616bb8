"""Rule files and exports written for one point each, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from converter.model import Diagnostic
from converter.readers import read_rules
from converter.readers.elastic_rules import Imported, Outcome, import_ndjson_file, import_toml_file

_HERE = Path(__file__).parent
_CASES = sorted(folder.name for folder in _HERE.iterdir() if any(folder.glob("input.*")))


def _golden(path: Path, text: str, update: bool) -> None:
    if update:
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
    assert (path.read_text(encoding="utf-8") if path.exists() else "") == text


def _line(one: Diagnostic) -> str:
    assert one.span is not None
    place = f"{one.span.line}:{one.span.column}-{one.span.end_line}:{one.span.end_column}"
    return f"{one.severity.label}[{one.code}] {place} {one.message}" + (f"\n    help: {one.help}" if one.help else "")


def _told(one: Imported | Diagnostic) -> str:
    if isinstance(one, Diagnostic):
        return _line(one)
    head = f"{one.status.value} kind={one.kind} language={one.language} exact={one.exact} file={one.file}"
    head += (f" reason={one.reason}" if one.reason else "") + (f" line={one.line}" if one.line else "")
    losses = [f"loss[{lost.code}] {lost.direction.value} {lost.feature}: {lost.message}" for lost in one.losses]
    return "\n".join([head, *losses, *map(_line, one.diagnostics)])


def _results(case: str) -> list[Imported | Diagnostic]:
    toml = _HERE / case / "input.toml"
    return [import_toml_file(toml)] if toml.exists() else list(import_ndjson_file(_HERE / case / "input.ndjson"))


def _rules(case: str) -> Iterator[Imported]:
    yield from (one for one in _results(case) if isinstance(one, Imported))


@pytest.mark.parametrize("case", _CASES)
def test_a_rule_becomes_a_canonical_one(case: str, update_golden: bool) -> None:
    """The rule, the report row and every diagnostic are the recorded ones."""
    results = _results(case)

    _golden(_HERE / case / "diagnostics.txt", "\n".join(map(_told, results)) + "\n", update_golden)
    texts = [one.text for one in results if isinstance(one, Imported) and one.text]
    _golden(_HERE / case / "expected.yml", "---\n".join(texts), update_golden)


@pytest.mark.parametrize("case", _CASES)
def test_written_rules_can_be_read(case: str) -> None:
    """What import writes is a canonical rule, or a correlation and its rules, with the source's name."""
    for one in _rules(case):
        if one.status is Outcome.REFUSED:
            assert one.text == "" == one.file
            assert any(told.severity.label == "error" and told.span is not None for told in one.diagnostics)
            continue
        rules, diagnostics = read_rules(one.text.encode(), one.file)
        assert not diagnostics, [told.render() for told in diagnostics]
        assert rules[0].title == one.name
        assert all(rule.taxonomy == "ecs" for rule in rules[1:] if rule.is_detection)
