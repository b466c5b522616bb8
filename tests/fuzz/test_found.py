"""What mutated documents have found: each is the smallest document that showed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.ir import lower
from converter.readers import read_rules
from tests.fuzz.commands import kinds, pack_in, run
from tests.fuzz.whole_way import examine

HEAD = "title: x\nid: 11111111-0a3f-4b27-9d0e-5b1d6c2f8a11\nlogsource: {category: process_creation, product: windows}\n"
EVENT = "x-converter: {tests: [{name: a, match: true, event: %s}]}\n"


def rule(detection: str, more: str = "", head: str = HEAD) -> bytes:
    return f"{head}detection: {detection}\n{more}".encode()


FOUND = {
    "a detection's name that is a number, under a selector": rule("{5: {a: b}, s: {a: b}, condition: 1 of them}"),
    "a list in a list of values": rule("{s: {a: [b, [c]]}, condition: s}"),
    "a map in a list of values": rule("{s: {a: [b, {c: d}]}, condition: s}"),
    "a date for a licence": rule("{s: {a: b}, condition: s}", "license: 2024-01-02\n"),
    "a date for a title": rule("{s: {a: b}, condition: s}", head="title: 2024-01-02\nlogsource: {product: 2024-01-02}\n"),
    "a moment for a tag and a reason": rule(
        "{s: {a: b}, condition: s}",
        "tags: [2001-12-14t21:59:43.10-05:00]\nx-converter: {targets: {falco: {enabled: false, reason: 2024-01-02}}}\n",
    ),
    "a line end in a licence": rule("{s: {a: b}, condition: s}", 'license: "a\\nb"\n'),
    "a line end in an unknown key": rule("{s: {a: b}, condition: s}", 'x-converter: {targets: {python: {"a\\nb": 1}}}\n'),
    "a long unknown modifier": rule(f"{{s: {{a|{'x' * 5000}: b}}, condition: s}}"),
    "a long field": rule(f"{{s: {{{'x' * 900}: b}}, condition: s}}"),
    "a log source of thousands of letters": rule(
        "{s: {a: b}, condition: s}", head=f"title: x\nlogsource: {{product: {'windows' * 900}}}\n"
    ),
    "a log source that leads elsewhere": rule("{s: {a: b}, condition: s}", head="title: x\nlogsource: {product: ../fields/windows}\n"),
    "windash twice, of five dashes": rule("{s: {a|windash|windash: -a -b -c -d -e}, condition: s}"),
    "windash twice, of six dashes": rule("{s: {a|windash|windash: -a -b -c -d -e -f}, condition: s}"),
    "windash in a long text": rule(f"{{s: {{a|windash: '-a -b -c -d{' x' * 5000}'}}, condition: s}}"),
    "a filter of a name in another case": rule("{s: {a: b}, condition: s}", "name: one\n")
    + b"---\ntitle: y\nlogsource: {product: windows}\nfilter: {rules: [onE], t: {a: c}, condition: not t}\n",
    "a text where an event has the field's map": rule("{s: {user.name: b}, condition: s}", EVENT % "{user: b}"),
    "a text of thousands of digits": rule("{s: {a: '%s'}, condition: s}" % ("9" * 5000), EVENT % "{a: b}"),
    "a field's name that ends in a dot": rule("{s: {a.: b}, condition: s}"),
    "thousands of unknown fields": rule(
        f"{{s: {{{', '.join(f'f{number}: a' for number in range(1500))}}}, condition: s}}", EVENT % "{f1: a}"
    ),
    "dashes and a long text outside ASCII": rule("{s: {a|contains: '%s'}, condition: s}" % ("é?" * 5000), EVENT % f"{{a: {'é' * 20_000}}}"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, tmp_path: Path) -> None:
    """The document goes the whole way without a problem."""
    assert examine(FOUND[name], tmp_path).problems == []


def test_a_field_that_ends_in_a_dot_is_told(tmp_path: Path) -> None:
    """It was looked up as the field without the dot."""
    assert examine(FOUND["a field's name that ends in a dot"], tmp_path).facts["code M008"] == 1


@pytest.mark.parametrize(
    "field",
    [
        '{"type": {"a": 1}}',
        '{"type": "keyword", "normalizer": {"a": 1}}',
        '{"type": "keyword", "fields": {"b": {"type": ["keyword"]}}}',
        '{"type": "keyword", "fields": {"b": {"type": "keyword", "normalizer": []}}}',
    ],
)
def test_a_mapping_of_other_types(field: str, tmp_path: Path) -> None:
    """A map or a list where a mapping has a type's or a normalizer's name ended the import."""
    kind = next(one for one in kinds() if one.name == "mapping")
    assert run(kind, f'{{"x": {{"mappings": {{"properties": {{"a": {field}}}}}}}}}'.encode(), pack_in(tmp_path))[0] == []


def test_places_on_one_line_share_its_text() -> None:
    """Thousands of diagnostics of a file in one line do not hold the line thousands of times."""
    names = ", ".join(f"n{number}" for number in range(3000))
    (read,), _ = read_rules(rule(f"{{s: {{a: b}}, condition: [{names}]}}"), "rule.yml")
    told = lower(read)
    assert isinstance(told, tuple)
    assert len(told) == 3000
    assert len({id(one.span.text) for one in told if one.span}) == 1


@pytest.mark.parametrize("row", ["[a]", "{path: [a], type: keyword}", "{path: {a: b}}", "{type: [keyword]}", "null", "{path: null}", "5"])
@pytest.mark.parametrize("place", ["action: {path: action, type: keyword, caseless: action.lower}", "action: {path: action}"])
def test_a_row_of_another_type_is_told(row: str, place: str, tmp_path: Path) -> None:
    """A field's row that is a list, or holds one, is told at its place; it ended every command."""
    kind = next(one for one in kinds() if one.name == "fields")
    whole = kind.seeds[0].data
    assert place.encode() in whole
    problems, _, codes, told = run(kind, whole.replace(place.encode(), f"action: {row}".encode()), pack_in(tmp_path))
    assert problems == []
    assert set(codes) == {3}
    assert told >= 3
