"""Read the elements of a page: ``**Label**: value``, or a label and the bullets below it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from converter.model import pack, unpack
from converter.readers.elastic_docs.facts import page_format
from converter.readers.elastic_docs.layout import element_label
from converter.readers.elastic_docs.problem import VALUE_HELP, Findings

_BULLET = re.compile(r"[*-][ \t]+(\S.*)$")
_NONE = "None"
_NUMBERS = {"risk_score": (0, 100), "max_signals": (1, 1_000_000), "version": (1, 1_000_000)}
_DURATION = re.compile(r"[0-9]{1,9}[smhd]")
_LOOK_BACK = re.compile(r"now(?:-[0-9]{1,9}[smhdwMy])?(?:/[smhdwMy])?")
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Value:
    """What stands after one label: a text on the same line, entries below, each with its packed offsets."""

    inline: str
    entries: tuple[tuple[str, int], ...]
    offsets: int

    @property
    def texts(self) -> tuple[str, ...]:
        """The entries; a text on the label's line is the only one; none when the page says ``None``."""
        if self.entries or self.inline in ("", _NONE):
            return tuple(text for text, _ in self.entries)
        return (self.inline,)


def read_elements(findings: Findings, start: int, end: int) -> dict[str, Value]:
    """Return the elements between two offsets by attribute; an error for each that is missing, empty or there twice."""
    elements = page_format().elements
    found = list(element_label().finditer(findings.source.text, start, end))
    values: dict[str, Value] = {}
    for here, following in zip(found, [*found[1:], None], strict=False):
        name = elements[here[1]]
        if name in values:
            findings.error("R113", *here.span(), f"the page shows {here[1]!r} twice", help="keep one of the two")
            continue
        entries = _entries(findings, here.end(), following.start() if following else end)
        if not here[2].strip() and not entries:
            findings.error("R112", *here.span(), f"{here[1]!r} has no value; a page writes None where a rule has none")
        values[name] = Value(here[2].strip(), entries, pack(here.start(2), here.end()) if here[2] else pack(*here.span()))
    missing = [label for label, name in elements.items() if name not in values]
    if missing:
        at = found[-1].span() if found else (start, start)
        findings.error("R111", *at, f"the page does not show {', '.join(missing)}")
    return values


def _entries(findings: Findings, start: int, end: int) -> tuple[tuple[str, int], ...]:
    entries: list[tuple[str, int]] = []
    at = start
    for line in findings.source.text[start:end].split("\n"):
        here, at = at, at + len(line) + 1
        if bullet := _BULLET.match(line):
            entries.append((bullet[1].rstrip(), pack(here + bullet.start(1), here + len(line))))
        elif line.strip():
            findings.warn("R117", here, here + len(line), "this line belongs to no element and is left out")
    return tuple(entries)


def choice(findings: Findings, values: dict[str, Value], name: str, words: tuple[str, ...]) -> str:
    """Return an element that is one of ``words``; empty, and an error, when it is another."""
    text = _single(findings, values, name)
    if text and text not in words:
        findings.error("R112", *unpack(values[name].offsets), f"{text[:60]!r} is not one of {', '.join(words)}", VALUE_HELP)
    return text


def number(findings: Findings, values: dict[str, Value], name: str) -> int | None:
    """Return an element that is a whole number; ``None`` when the page says ``None`` or, with an error, something else."""
    text = _single(findings, values, name)
    if text in ("", _NONE):
        return None
    low, high = _NUMBERS[name]
    if _DIGITS.fullmatch(text) and low <= int(text) <= high:
        return int(text)
    findings.error("R112", *unpack(values[name].offsets), f"{text[:60]!r} is not a whole number from {low} to {high}", VALUE_HELP)
    return None


def duration(findings: Findings, values: dict[str, Value], name: str) -> str | None:
    """Return an element like ``5m``; ``None`` when the page says ``None`` or, with an error, something else."""
    text = _single(findings, values, name)
    if text in ("", _NONE):
        return None
    if not _DURATION.fullmatch(text):
        findings.error("R112", *unpack(values[name].offsets), f"{text[:60]!r} is not a duration like 5m", VALUE_HELP)
    return text


def look_back(findings: Findings, values: dict[str, Value], name: str) -> str | None:
    """Return an element like ``now-9m``, without the link to the manual that follows it; ``None`` when the page says so."""
    text = next(iter(_single(findings, values, name).split()), "")
    if text in ("", _NONE):
        return None
    if not _LOOK_BACK.fullmatch(text):
        findings.error("R112", *unpack(values[name].offsets), f"{text[:60]!r} is not a look-back like now-9m", VALUE_HELP)
    return text


def single(findings: Findings, values: dict[str, Value], name: str) -> str | None:
    """Return an element that is one text; ``None`` when the page says ``None``."""
    text = _single(findings, values, name)
    return None if text in ("", _NONE) else text


def _single(findings: Findings, values: dict[str, Value], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if value.entries:
        findings.error("R112", *unpack(value.entries[0][1]), "a list stands where one value belongs", VALUE_HELP)
    return value.inline
