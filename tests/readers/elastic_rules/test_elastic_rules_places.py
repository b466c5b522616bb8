"""Where a mistake in an embedded query is told: the very character of the file, in every form of quotes."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.model import Span
from converter.readers.elastic_rules import Imported, import_line, import_toml

_HEAD = '[rule]\nname = "Lamp"\ndescription = "é💡"\nrisk_score = 1\nseverity = "low"\ntype = "query"\n'
_STRAY = ")"
"""What no query has there; each text below has it once."""


def _basic(text: str, ascii_only: bool) -> str:
    quoted = json.dumps(text, ensure_ascii=ascii_only)
    # TOML has one escape for a character of another plane, where JSON has two.
    return "".join(
        f"\\U{ord(one):08x}" if ascii_only and ord(one) > 0xFFFF else json.dumps(one, ensure_ascii=ascii_only)[1:-1] for one in text
    ).join(quoted[:1] * 2)


def _forms(text: str) -> dict[str, str]:
    forms = {
        "basic": _basic(text, False),
        "escaped": _basic(text, True),
        "block": '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""',
        "block at once": '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""',
        "trimmed": '"""\\\n   ' + text.replace("\\", "\\\\").replace('"', '\\"').replace(" and ", " and \\\n      ") + '"""',
    }
    if "'" not in text:
        forms["literal block"] = f"'''\n{text}'''"
        if "\n" not in text:
            forms["literal"] = f"'{text}'"
    return forms


def _at(text: str, span: Span) -> str:
    return text.split("\n")[span.line - 1][span.column - 1 : span.column]


_WORDS = st.lists(st.sampled_from(['a:"b c"', "d:é💡", r'e:"\\x"', "f:'g'", "\nh:1", "i:j*"]), min_size=1, max_size=5).map(" and ".join)


@settings(max_examples=60, deadline=None)
@given(_WORDS)
def test_a_mistake_in_a_query_is_told_at_its_character(words: str) -> None:
    """The stray bracket is what the diagnostic points at, behind escapes, characters of other planes and trimmed line ends."""
    query = f"{words} and k:l{_STRAY}"
    for name, form in _forms(query).items():
        text = f"{_HEAD}query = {form}\n"
        (told,) = import_toml(text.encode(), "rule.toml").diagnostics
        assert told.code == "R200"
        assert told.span is not None
        assert _at(text, told.span) == _STRAY, (name, told.span)


@settings(max_examples=50, deadline=None)
@given(_WORDS, st.booleans())
def test_a_mistake_in_an_export_is_told_at_its_character(words: str, ascii_only: bool) -> None:
    """In a line of JSON, too, and with the line's number."""
    rule = {"name": "é💡", "description": "d", "risk_score": 1, "severity": "low", "type": "query", "query": f"{words} and k:l{_STRAY}"}
    line = json.dumps(rule, ensure_ascii=ascii_only)
    found = import_line(line.encode() + b"\n", "export.ndjson", 7)
    assert isinstance(found, Imported)
    (told,) = found.diagnostics
    assert told.code == "R200"
    assert told.span is not None
    assert (told.span.line, line[told.span.column - 1]) == (7, _STRAY)
