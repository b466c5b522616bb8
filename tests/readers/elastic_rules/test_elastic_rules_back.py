"""There and back twice: a rule that was imported and built is imported as the same rule, and nothing of it grows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converter.model import Diagnostic, Fidelity
from converter.pack import Request, build, settled
from converter.readers.elastic_rules import Imported, import_line, import_toml
from converter.targets import target

HEAD = """[metadata]
creation_date = "2024/01/01"
integration = ["lamps"]
maturity = "production"
updated_date = "2024/01/01"

[rule]
author = ["Someone", "Another"]
description = "A lamp."
from = "now-9m"
license = "Elastic License v2"
name = "Lamp"
risk_score = 21
rule_id = "9d1a7c52-6f0b-4a3e-8c11-2b7d3e5f9a01"
severity = "low"
"""
OFF, ON = '[any where lamp.state == "off"]', '[any where lamp.state == "on"]'
QUERIES = {
    "an event three times": ("eql", f"sequence by host.id with maxspan=1m {OFF} with runs=3 {ON}"),
    "two such events": ("eql", f"sequence by host.id with maxspan=1m {OFF} with runs=2 {ON} {OFF} with runs=10"),
    "two events alike": ("eql", f"sequence by host.id with maxspan=1m {OFF} {OFF}"),
    "other keys": ("eql", f"sequence with maxspan=1m {OFF} by host.id with runs=2 {ON} by lamp.id"),
    "an event eleven times": ("eql", f"sequence by host.id with maxspan=1m {OFF} with runs=11 {ON}"),
    "no time span": ("eql", f"sequence by host.id {OFF} with runs=2 {ON}"),
    "parts of a second": ("eql", f"sequence by host.id with maxspan=1500ms {OFF} {ON}"),
    "a count": ("eql", f"sequence by host.id with maxspan=1m {OFF} with runs=60"),
    "addresses": ("eql", f"sequence by source.ip with maxspan=1m {OFF} {ON}"),
    "words": ("kuery", 'message : ("lamp is" or lam*)'),
    "a whole value": ("kuery", 'lamp.state : "off" and not lamp.room : *'),
    "an expression": ("lucene", "lamp.state:/of[ef]/"),
}


def canonical(data: bytes, on: str = "elastic") -> Imported:
    """Return a rule as the command imports it."""
    one = import_toml(data, "lamp.toml") if on == "elastic" else import_line(data, "lamp.ndjson", 1)
    assert not isinstance(one, Diagnostic)
    return next(settled([one]))


def built(text: str, folder: Path, on: str = "elastic") -> bytes:
    """Return the file that is built of a canonical text."""
    rules = folder / "rules"
    rules.mkdir(parents=True)
    (rules / "lamp.yml").write_text(text, encoding="utf-8")
    report = build(Request([rules], [target(on)], folder / "out", {}, frozenset(Fidelity)))
    assert any(row.artifact for row in report.rows), [told.render() for row in report.rows for told in row.outcome.diagnostics]
    (found,) = (path for path in (folder / "out").rglob("*") if path.suffix in (".toml", ".ndjson"))
    return found.read_bytes()


def source(language: str, query: str, more: str = "") -> bytes:
    """Return a file of a repository's."""
    kind = "eql" if language == "eql" else "query"
    return f"{HEAD}type = \"{kind}\"\nlanguage = \"{language}\"\n{more}query = '''\n{query}\n'''\n".encode()


@pytest.mark.parametrize("name", QUERIES)
def test_nothing_grows(name: str, tmp_path: Path) -> None:
    """What is imported a second time has the same text, and so has what is built a second time."""
    first = canonical(source(*QUERIES[name]))
    artifact = built(first.text, tmp_path / "1")
    second = canonical(artifact)
    assert (second.text, second.exact) == (first.text, first.exact)
    assert built(second.text, tmp_path / "2") == artifact


def test_events_that_happen_several_times_are_exact(tmp_path: Path) -> None:
    """Beside other events too: the build says `with runs` again, within the time that was asked."""
    for name in ("an event three times", "two such events", "other keys"):
        one = canonical(source(*QUERIES[name]))
        assert one.exact, one.losses
        text = built(one.text, tmp_path / name.replace(" ", "_")).decode()
        assert "maxspan=1m" in text
        assert text.count("with runs=") == QUERIES[name][1].count("with runs=")


def test_a_rule_without_an_author_has_none_again(tmp_path: Path) -> None:
    """Kibana needs one, so a build writes that it is unknown."""
    text = canonical(source(*QUERIES["a whole value"])).text.replace("author: Someone, Another\n", "")
    artifact = built(text, tmp_path)
    assert b'author = ["unknown"]' in artifact
    assert canonical(artifact).text == text


def test_a_rule_whose_maturity_is_not_known_is_not_called_mature(tmp_path: Path) -> None:
    """A table of metadata without it stays as it is."""
    first = canonical(source(*QUERIES["a whole value"]).replace(b'maturity = "production"\n', b""))
    assert "status: test" in first.text
    assert canonical(built(first.text, tmp_path)).text == first.text


GUIDE = "## Triage\n\nLook at the lamp.\n\nAdapted from nothing: it is ours.\nOf two lines."
SOURCES = ("", "https://lamps.example/rules/7")


@pytest.mark.parametrize("on", ["elastic", "elastic-ndjson"])
@pytest.mark.parametrize("where", SOURCES)
@pytest.mark.parametrize("guide", ["", GUIDE])
def test_a_guide_is_the_same_again(guide: str, where: str, on: str, tmp_path: Path) -> None:
    """The source, the section of origin and accepted losses, which a build writes below a guide, come off it."""
    note = f'note = """\n{guide}\n"""\n' if guide else ""
    text = canonical(source("kuery", 'lamp.state : "off"', note)).text
    text = text.replace("lamp.state|cased", "lamp.state")  # KQL misses other spellings, which somebody accepts
    accepted = "accept:\n        - {code: T118, reason: lamps have one spelling}\n      "
    text = text.replace("elastic:\n      ", f"elastic:\n      {accepted}", 1)
    text = text.replace("x-converter:\n", f"x-converter:\n  source: {where}\n") if where else text
    first = built(text, tmp_path / "1", on)
    assert b"Accepted losses" in first
    second = canonical(first.splitlines()[0] if on == "elastic-ndjson" else first, on)
    assert ("source: " + where in second.text) == bool(where)
    assert "Accepted losses" not in second.text
    assert "## Origin" not in second.text
    own = second.documents[0]["x-converter"]["targets"]["elastic"]
    assert own.get("note", "") == guide
    third = built(second.text, tmp_path / "2", on)
    assert third.count(b"Adapted from " + where.encode()) == first.count(b"Adapted from " + where.encode())
    assert third.count(b"## Origin") == first.count(b"## Origin")


def test_a_guide_with_another_origin_is_the_rules_own(tmp_path: Path) -> None:
    """A section of origin that names somebody else stays, and our own comes below it."""
    text = canonical(source("kuery", 'lamp.state : "off"')).text
    line = json.loads(built(text, tmp_path / "1", "elastic-ndjson").splitlines()[0])
    line["note"] = line["note"].replace("Someone", "Somebody else")
    second = canonical(json.dumps(line).encode(), "elastic-ndjson")
    assert "Somebody else" in second.documents[0]["x-converter"]["targets"]["elastic"]["note"]
    third = json.loads(built(second.text, tmp_path / "2", "elastic-ndjson").splitlines()[0])
    assert "- Author: Someone" in third["note"]
