"""Filters become part of the rules that they are about.

A filter's detections join the rule's, and its condition the rule's by "and",
as pySigma 1.5 does: one that is to keep events out says ``condition: not
selection``.  Selectors are written out, so that neither side's choose the
other's detections.  Source: Sigma Filters 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from converter.formats import Map, Seq
from converter.ir.condition import Condition, Junction, Name, Negation, Selector, parse_condition, selected
from converter.ir.references import Names
from converter.model import LIMIT, Diagnostic, LogSource, Reference, Rule, Severity, pack, unpack


def filters_by_rule(rules: Sequence[Rule]) -> tuple[dict[int, list[Rule]], dict[int, list[Diagnostic]]]:
    """Return which filters are about each detection rule, and what is told of filters (M013, M018), both by the rule's identity."""
    names = Names(rules)
    about: dict[int, list[Rule]] = {}
    told: dict[int, list[Diagnostic]] = {}
    for one in rules:
        if one.filter is None:
            continue
        named = _named(one, names, told.setdefault(id(one), [])) if one.filter.rules else None
        for rule in rules:
            if rule.is_detection and rule.detection and admits(one.logsource, rule.logsource) and (named is None or id(rule) in named):
                about.setdefault(id(rule), []).append(one)
    return about, told


def _named(filter_: Rule, names: Names, told: list[Diagnostic]) -> set[int]:
    """Return the identities of the rules that a filter names, and tell of references that change nothing."""
    assert filter_.filter is not None
    chosen: set[int] = set()
    for reference in filter_.filter.rules:
        found = names.found(reference)
        if not found:
            message = f"no rule here has the id or name '{reference.text[:60]}'"
            told.append(_warning("M013", filter_, reference, message, "correct it, or give the filter's rules along"))
        for rule in found:
            chosen.add(id(rule))
            if rule.correlation is not None:
                message = f"'{rule.title}' is a correlation, which has no events of its own to filter"
                told.append(_warning("M018", filter_, reference, message, "name the rules that the correlation refers to"))
            elif not admits(filter_.logsource, rule.logsource):
                message = f"'{rule.title}' has the log source ({rule.logsource}), not that of the filter ({filter_.logsource})"
                told.append(_warning("M018", filter_, reference, message, "give the filter the log source of the rule"))
    return chosen


def _warning(code: str, rule: Rule, reference: Reference, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, rule.source.span(reference.offsets), message, help=help_text)


def admits(filter_: LogSource, rule: LogSource) -> bool:
    """Whether a filter's log source is that of a rule: what the filter's leaves open may be anything."""
    pairs = ((filter_.category, rule.category), (filter_.product, rule.product), (filter_.service, rule.service))
    return all(wanted in ("", given) for wanted, given in pairs)


def filtered(rule: Rule, filters: Iterable[Rule]) -> Rule | Diagnostic:
    """Return a rule with filters, or why it cannot have them (R002); all of them have passed ``lower``."""
    detection, source = rule.detection, rule.source
    for number, one in enumerate(filters, 1):
        shift = source.end
        if shift + len(one.source.text) >= LIMIT:
            message = "the rule and its filters have more text than one rule may have"
            return Diagnostic("R002", Severity.ERROR, rule.span("title"), message, help="write fewer filters, or smaller files")
        source = replace(source, joined=(*source.joined, one.source))
        detection = _joined(detection, one.detection, f"_filter_{number}_", shift)
    return replace(rule, source=source, detection=detection)


def _joined(detection: Mapping[str, Any], other: Mapping[str, Any], prefix: str, shift: int) -> Map:
    """Return a detection section with those of a filter and both conditions."""
    own = {name: name for name in detection if name != "condition"}
    names = {name: prefix + name for name in other if name != "condition"}
    while not own.keys().isdisjoint(names.values()):
        names = {name: f"_{new}" for name, new in names.items()}
    condition = _written(other["condition"], names)
    found = Map({name: value for name, value in detection.items() if name != "condition"})
    found.offsets = [place for name, pair in _places(detection) if name != "condition" for place in pair]
    for name, pair in _places(other):
        if name != "condition":
            found[names[name]] = _shifted(other[name], shift)
            found.offsets += [_moved(place, shift) for place in pair]
    found["condition"] = _with(detection["condition"], own, condition)
    found.offsets += next(pair for name, pair in _places(detection) if name == "condition")
    return found


def _with(condition: Any, names: Mapping[str, str], other: str) -> Any:  # noqa: ANN401 - a text or texts
    if not isinstance(condition, Seq):
        return f"({_written(condition, names)}) and ({other})"
    found = Seq(f"({_written(one, names)}) and ({other})" for one in condition)
    found.offsets = condition.offsets
    return found


def _written(text: str, names: Mapping[str, str]) -> str:
    """Return a condition with its selectors written out, and every name as ``names`` has it."""
    return _text(parse_condition(text), names)


def _text(tree: Condition, names: Mapping[str, str]) -> str:
    match tree:
        case Name(name):
            return names[name]
        case Selector(every, pattern):
            return f"({(' and ' if every else ' or ').join(names[name] for name in selected(pattern, tuple(names)))})"
        case Negation(operand):
            inner = _text(operand, names)
            return f"not ({inner})" if isinstance(operand, Junction) else f"not {inner}"
        case Junction(word, operands):
            loose = [isinstance(one, Junction) and (one.word, word) != ("and", "or") for one in operands]
            texts = [_text(one, names) for one in operands]
            return f" {word} ".join(f"({text})" if wrap else text for text, wrap in zip(texts, loose, strict=True))
    assert_never(tree)


def _places(section: Mapping[str, Any]) -> Iterable[tuple[str, tuple[int, int]]]:
    offsets = section.offsets if isinstance(section, Map) else [0] * (2 * len(section))
    return zip(section, zip(offsets[::2], offsets[1::2], strict=True), strict=True)


def _shifted(value: Any, shift: int) -> Any:  # noqa: ANN401 - any YAML value
    """Return a value whose places are behind the rule's own text."""
    if isinstance(value, Map):
        copied = Map({key: _shifted(one, shift) for key, one in value.items()})
        copied.offsets = [_moved(place, shift) for place in value.offsets]
        return copied
    if isinstance(value, Seq):
        listed = Seq(_shifted(one, shift) for one in value)
        listed.offsets = [_moved(place, shift) for place in value.offsets]
        return listed
    return value


def _moved(offsets: int, shift: int) -> int:
    start, end = unpack(offsets)
    return pack(start + shift, end + shift)
