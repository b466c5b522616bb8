"""The YAML reader against PyYAML's SafeLoader, through which pySigma reads rules."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converter.formats import Document, Map, Seq, read
from converter.model import Diagnostic, unpack

WORDS = """
yes No on OFF true False ~ null Null 1 -1 +1 0 0x1F 0b11 017 08 1_000 1:30 190:20:30 1.5 1e3 1.e+3 .5 -.inf .NaN 2024-01-02
2024-01-02T03:04:05Z 2001-12-14t21:59:43.10-05:00 a a.b/c x-y 1a 0o7 0xg 12e03 1. _1 1__0 é 😀 a:b a#b
"""
"""Plain scalars of every kind but ``=`` and ``<<``, which SafeLoader cannot read as values (PyYAML 6.0.3) and which are text here."""
PLAIN = st.sampled_from(WORDS.split())
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
SCALAR = st.one_of(PLAIN, TEXT.map(lambda text: yaml.dump(text, allow_unicode=True, width=10**6, default_style='"').strip()))
KEY = st.one_of(SCALAR, SCALAR, SCALAR, st.just("<<"))


@st.composite
def flow(draw: st.DrawFn, depth: int = 3) -> str:
    """Draw one value in flow style, sometimes a merge."""
    kind = draw(st.sampled_from(["scalar"] * 3 + ["list", "map"])) if depth else "scalar"
    if kind == "scalar":
        return draw(SCALAR)
    if kind == "list":
        return "[" + ", ".join(draw(st.lists(flow(depth - 1), max_size=4))) + "]"
    pairs = [f"{draw(KEY)} : {draw(flow(depth - 1))}" for _ in range(draw(st.integers(0, 4)))]
    return "{" + ", ".join(pairs) + "}"


NAMES = st.sampled_from("abcdef")


@st.composite
def merging(draw: st.DrawFn) -> str:
    """Draw a block document whose maps merge one another in every form of ``<<``."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, 5))):
        parts = [f"{name}: {draw(PLAIN)}" for name in draw(st.lists(NAMES, unique=True, max_size=3))]
        chosen = draw(st.lists(st.integers(0, number - 1), max_size=3)) if number else []
        if chosen:
            merge = f"*m{chosen[0]}" if len(chosen) == 1 else "[" + ", ".join(f"*m{one}" for one in chosen) + "]"
            parts.insert(draw(st.integers(0, len(parts))), f"<<: {merge}")
        lines.append(f"k{number}: &m{number} {{{', '.join(parts)}}}")
    return "\n".join(lines) + "\n"


def plain(value: object) -> object:
    """Return a value with its types visible, so that 1, 1.0 and True differ and NaN equals itself."""
    if isinstance(value, dict):
        return {"map": sorted(((repr(plain(key)), plain(one)) for key, one in value.items()), key=lambda pair: pair[0])}
    if isinstance(value, list):
        return ["list", *map(plain, value)]
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return type(value).__name__, value


def theirs(text: str) -> list[Any] | None:
    """Return PyYAML's documents, or ``None`` where it refuses."""
    try:
        return list(yaml.load_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, OverflowError, TypeError):
        return None


def same(text: str) -> None:
    """Assert that both readers give the same values, or that ours says why not."""
    found, expected = read(text.encode("utf-8"), "a.yml"), theirs(text)
    if isinstance(found, Diagnostic):
        assert expected is None or found.code in ("R005", "R008", "R009"), (text, found.render(), expected)
        return
    assert expected is not None, text
    assert [plain(one.value) for one in found] == [plain(one) for one in expected], text


COMMON = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@COMMON
@given(flow())
def test_values_equal_those_of_the_safe_loader(text: str) -> None:
    """A flow document has the same value and types in both readers; ours refuses only tags, keys that are no scalars, and doubles."""
    same(text)


@COMMON
@given(merging())
def test_merges_equal_those_of_the_safe_loader(text: str) -> None:
    """Merge keys give the same maps, whoever stands first."""
    same(text)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT, st.dates()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@COMMON
@given(JSON, st.sampled_from([None, True, False]), st.sampled_from([None, "'", '"', "|", ">"]), st.integers(20, 100))
def test_what_is_dumped_is_read(value: object, flow_style: bool | None, style: str | None, width: int) -> None:
    """Whatever PyYAML writes, in any style, both readers read alike."""
    same(yaml.safe_dump(value, default_flow_style=flow_style, default_style=style, allow_unicode=True, width=width))


def places(document: Document) -> list[tuple[Any, int]]:
    """Return every key and value of a document with its offsets."""
    found, stack = [], [(document.value, document.offsets)]
    while stack:
        value, offsets = stack.pop()
        found.append((value, offsets))
        if isinstance(value, Map):
            stack += zip((one for pair in value.items() for one in pair), value.offsets, strict=True)
        elif isinstance(value, Seq):
            stack += zip(value, value.offsets, strict=True)
    return found


@COMMON
@given(flow())
def test_the_text_at_a_place_is_the_value(text: str) -> None:
    """The text between a key's or a value's offsets, read alone, is that key or value."""
    found = read(text.encode("utf-8"), "a.yml")
    if isinstance(found, Diagnostic):
        return
    for document in found:
        for value, offsets in places(document):
            start, end = unpack(offsets)
            alone = theirs(document.source.text[start:end]) or [None]
            assert plain(alone[0]) == plain(value), (text, document.source.text[start:end])


@COMMON
@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.dictionaries(st.text("xyz", min_size=1, max_size=3), JSON, max_size=3)))
def test_places_in_blocks_are_inside_their_holder(value: dict[str, Any]) -> None:
    """In block style an entry lies inside its collection and no place ends with blank text."""
    text = yaml.safe_dump(value, default_flow_style=False, allow_unicode=True)
    found = read(text.encode("utf-8"), "a.yml")
    assert isinstance(found, tuple)
    for document in found:
        for holder, outer in places(document):
            if isinstance(holder, Map | Seq):
                start, end = unpack(outer)
                assert text[start:end] == text[start:end].rstrip()
                for one in holder.offsets:
                    first, last = unpack(one)
                    assert start <= first <= last <= end or text[end:last].isspace(), text


@COMMON
@given(st.binary(max_size=60))
def test_any_bytes_give_documents_or_one_diagnostic(data: bytes) -> None:
    """No bytes raise; what is refused has a place and a help."""
    found = read(data, "a.yml")
    assert isinstance(found, tuple) or (found.span is not None and found.help)


@COMMON
@given(st.text(st.sampled_from("ab:- \n\t[]{},&*|>'\"%#?<0\u2028é"), max_size=40))
def test_any_text_is_read_as_the_safe_loader_reads_it(text: str) -> None:
    """On texts of YAML's own characters the values agree wherever both readers read."""
    found, expected = read(text.encode("utf-8"), "a.yml"), theirs(text)
    if isinstance(found, tuple) and expected is not None:
        assert [plain(one.value) for one in found] == [plain(one) for one in expected]


def test_dates_are_read_as_dates() -> None:
    """A date and a moment have Python's types, as SafeLoader's."""
    found = read(b"[2024-01-02, 2024-01-02T03:04:05Z]", "a.yml")
    assert isinstance(found, tuple)
    assert found[0].value == [datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)]


@pytest.mark.parametrize("folder", ["rules"])
def test_our_own_rules_are_read_alike(folder: str, pytestconfig: pytest.Config) -> None:
    """Every rule file of this project has the same value in both readers."""
    paths = sorted((pytestconfig.rootpath / folder).rglob("*.yml"))
    assert paths
    for path in paths:
        same(path.read_text(encoding="utf-8"))
