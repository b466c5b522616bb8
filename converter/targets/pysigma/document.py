"""A rule as a fresh object of pySigma's, each detection item knowing its place in our file.

pySigma changes rules in place while it converts them, so every conversion
gets its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaRuleLocation
from sigma.filters import SigmaFilter
from sigma.modifiers import reverse_modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule

from converter.formats import Document, Map, Seq, read
from converter.ir import Linked, pysigma_key
from converter.model import UNITS, LogSource, Related, Rule, Source


class Place(SigmaRuleLocation):
    """Where an item stands: packed offsets of its value and of each value in a list, its modifiers as written.

    Copies that pySigma makes of the item carry it along.
    """

    def __init__(self, rule: Rule, offsets: int, each: Sequence[int], modifiers: Sequence[str] = ()) -> None:
        super().__init__(rule.source.path)  # type: ignore[arg-type]
        self.offsets, self.each, self.modifiers = offsets, tuple(each), tuple(modifiers)


def fresh(rule: Rule) -> SigmaRule:
    """Return the rule as pySigma's own object, without what only this program reads.

    Raises:
        SigmaError: for what pySigma refuses to read.
    """
    plain = {**_header(rule), "logsource": _logsource(rule.logsource), "detection": _known(plain_value(rule.detection))}
    sigma = SigmaRule.from_dict(plain, source=SigmaRuleLocation(rule.source.path))  # type: ignore[arg-type]
    for name, detection in sigma.detection.detections.items():
        if isinstance(rule.detection, Map):
            _mark(rule, detection, rule.detection[name], rule.detection.offsets[2 * list(rule.detection).index(name) + 1])
    return sigma


def collection(linked: Linked) -> SigmaCollection:
    """Return a correlation with its rules, of which only the correlation itself is to be converted.

    Raises:
        SigmaError: for what pySigma refuses to read.
    """
    rules: dict[str, SigmaRule | SigmaCorrelationRule | SigmaFilter] = {}
    stack = [linked]
    while stack:
        one = stack.pop()
        rules.setdefault(one.rule.id, _correlation(one))
        for part in one.parts:
            if isinstance(part.meaning, Linked):
                stack.append(part.meaning)
            else:
                rules.setdefault(part.rule.id, fresh(part.rule))
    found = SigmaCollection([*rules.values()][::-1])
    found.resolve_rule_references()
    return found


def _correlation(linked: Linked) -> SigmaCorrelationRule:
    section = linked.correlation
    condition: Any = section.expression or {one.operator: one.value for one in section.criteria}
    if section.fields:
        condition["field"] = section.fields[0] if len(section.fields) == 1 else list(section.fields)
    if section.percentile is not None:
        condition["percentile"] = section.percentile
    written = {
        "type": section.type,
        "rules": [one.text for one in section.rules],
        "timespan": _timespan(section.timespan),
        "group-by": list(section.group_by),
        "aliases": {name: dict(fields) for name, fields in section.aliases.items()},
        "condition": condition,
    }
    plain = {**_header(linked.rule), "correlation": {name: value for name, value in written.items() if value}}
    return SigmaCorrelationRule.from_dict(plain, source=SigmaRuleLocation(linked.rule.source.path))  # type: ignore[arg-type]


def _timespan(seconds: int) -> str:
    """Return seconds in the largest unit that holds them without a rest."""
    unit = next(name for name in ("y", "M", "w", "d", "h", "m", "s") if seconds % UNITS[name] == 0)
    return f"{seconds // UNITS[unit]}{unit}"


def origin(item: Any) -> tuple[int, Sequence[int], tuple[str, ...]]:  # noqa: ANN401 - a detection or an item, ours or a pipeline's
    """Return where one and its values stand, and its modifiers; an item that a pipeline added stands nowhere."""
    source = item.source
    if isinstance(source, Place):
        return source.offsets, source.each, source.modifiers
    return 0, (), tuple(reverse_modifier_mapping.get(one.__name__, one.__name__) for one in getattr(item, "modifiers", ()))


def _header(rule: Rule) -> dict[str, Any]:
    texts = {
        "title": rule.title,
        "id": rule.id,
        "name": rule.name,
        "status": rule.status,
        "description": rule.description,
        "author": rule.author,
        "date": rule.date,
        "modified": rule.modified,
        "license": rule.license,
        "taxonomy": rule.taxonomy,
        "level": rule.level,
        "references": list(rule.references),
        "tags": list(rule.tags),
        "falsepositives": list(rule.falsepositives),
        "fields": list(rule.fields),
        "related": [{"id": one.id, "type": one.type} for one in rule.related],
    }
    return {name: value for name, value in texts.items() if value}


def _logsource(logsource: LogSource) -> dict[str, str]:
    parts = {"category": logsource.category, "product": logsource.product, "service": logsource.service}
    return {name: value for name, value in parts.items() if value}


def plain_value(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """Return a document's value as plain containers of its own, which pySigma may change."""
    if isinstance(value, Mapping):
        return {key: plain_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(one) for one in value]
    return value


def _known(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """Return a detection section whose modifiers have pySigma's names."""
    if isinstance(value, dict):
        return {pysigma_key(key) if isinstance(key, str) else key: _known(one) for key, one in value.items()}
    return [_known(one) for one in value] if isinstance(value, list) else value


def _mark(rule: Rule, detection: SigmaDetection, value: object, offsets: int) -> None:
    """Tell the items of a detection where they stand; pySigma made them in the order of our values."""
    items, detection.source = detection.detection_items, Place(rule, offsets, ())
    parts: list[tuple[str, Any, int]]
    if isinstance(value, Map):
        parts = [(str(key), one, value.offsets[2 * index + 1]) for index, (key, one) in enumerate(value.items())]
    elif isinstance(value, Seq) and items and isinstance(items[0], SigmaDetection):
        parts = [("", one, place) for one, place in zip(value, value.offsets, strict=True)]
    else:
        parts = [("", value, offsets)]
    for item, (key, part, place) in zip(items, parts, strict=True):
        if isinstance(item, SigmaDetectionItem):
            item.source = Place(rule, place, part.offsets if isinstance(part, Seq) else (place,), key.split("|")[1:])
        else:
            _mark(rule, item, part, place)


def header_of(sigma: SigmaRule, id_of: Callable[[str], str]) -> Rule:
    """Return our header of a rule that pySigma read: without places, and without the detection's text.

    Raises:
        ValueError: if its ``x-converter`` is not a map.
    """
    logsource = sigma.logsource
    path = str(sigma.source.path) if sigma.source else "<rule>"
    return Rule(
        source=Source(path, ""),
        title=sigma.title,
        id=str(sigma.id or id_of(sigma.title)),
        logsource=LogSource(logsource.category or "", logsource.product or "", logsource.service or ""),
        detection={"condition": list(sigma.detection.condition)},
        status=str(sigma.status or ""),
        description=sigma.description or "",
        references=tuple(sigma.references or ()),
        author=sigma.author or "",
        date=str(sigma.date or ""),
        modified=str(sigma.modified or ""),
        license=sigma.license or "",
        taxonomy=sigma.taxonomy or "sigma",
        tags=tuple(f"{tag.namespace}.{tag.name}" for tag in sigma.tags),
        related=tuple(Related(str(one.id), str(one.type)) for one in getattr(sigma.related, "related", ())),
        falsepositives=tuple(sigma.falsepositives or ()),
        level=str(sigma.level or ""),
        fields=tuple(sigma.fields or ()),
        converter=_extension(sigma.custom_attributes.get("x-converter"), path),
    )


def _extension(value: object, path: str) -> Map:
    """Return ``x-converter`` as our reader gives it."""
    if value is None:
        return Map()
    documents = read(json.dumps(value, default=str).encode(), path)
    if isinstance(documents, tuple) and len(documents) == 1 and isinstance(documents[0], Document) and isinstance(documents[0].value, Map):
        return documents[0].value
    raise ValueError("x-converter is no map that the converter can read")
