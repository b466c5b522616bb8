"""The canonical documents of a rule: Sigma's header, the detection, and under ``x-converter`` what Sigma has no place for."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from converter.data import BadLicenseError, license_named, read_license, source_of, sources_of, tactic
from converter.formats import Map, Seq
from converter.model import LogSource
from converter.readers.elastic_rules.attack import attack_tags, is_derivable, threat_block
from converter.readers.elastic_rules.correlation import Joined, sections
from converter.readers.elastic_rules.facts import form
from converter.readers.elastic_rules.guide import apart
from converter.readers.elastic_rules.meaning import Meaning
from converter.readers.elastic_rules.rule import ElasticRule, known_keys
from converter.readers.elastic_rules.source import TARGET
from converter.readers.elastic_rules.threat import read_threat

_NAMESPACE: Final = uuid.UUID("b2c0ed1c-8f0f-4be3-8d9f-5c6d3d1f2a57")
TITLE: Final = 256
"""Characters of a title (Sigma 2.1.0)."""
_VENDOR: Final = {"Elastic-2.0": "Elastic License v2"}
"""The words in which the target writes a licence that Sigma names by SPDX; others it writes as they are."""
_DATE: Final = re.compile(r"\d{4}/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))T\d\d:\d\d", re.ASCII)
_NOT_SAFE: Final = re.compile(r"[^a-z0-9]+")
_FIRST: Final = ("kind", "opaque", "language", "query", "name", "rule_id", "author", "license", "threat")
_LAST: Final = ("accept", "metadata", "transform", "extra")
"""What a rule of Elastic's is comes first, what stands beside it last, all else between by name: files order their keys in many ways."""
_AUTHORS: Final = re.compile("[,;]")


def header(rule: ElasticRule) -> dict[str, object | None]:
    """Return Sigma's keys of a rule but for what it detects."""
    return {
        "title": rule.text("name")[:TITLE],
        "id": identifier(rule),
        "status": form().maturity.get(str(rule.metadata.get("maturity", "")), "test"),
        "description": _prose(rule, rule.text("description")),
        "references": list(rule.texts("references")),
        "author": ", ".join(_authors(rule)),
        "date": _date(rule.metadata.get("creation_date")) or _day(rule.values.get("created_at")),
        "modified": _date(rule.metadata.get("updated_date")) or _day(rule.values.get("updated_at")),
        "license": spdx(rule.text("license")),
        "tags": list(attack_tags(read_threat(rule.values["threat"]))) if rule.values.get("threat") else [],
        "falsepositives": [_prose(rule, one) for one in rule.texts("false_positives")],
        "level": rule.text("severity"),
    }


def identifier(rule: ElasticRule) -> str:
    """Return the rule's id: its own where that is a UUID, else one derived from it, or from its name when it has none."""
    given = rule.text("rule_id")
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, given or rule.text("name")))


def has_own_id(rule: ElasticRule) -> bool:
    """Whether the rule's id is kept."""
    return identifier(rule) == rule.text("rule_id")


def part_id(identifier: str, number: int) -> str:
    """Return the id of a rule that stands for one of the events which the rule with an id joins."""
    return str(uuid.uuid5(_NAMESPACE, f"{identifier} {number}"))


def spdx(text: str) -> str:
    """Return the SPDX name of a licence in a vendor's words; the words where none is known."""
    return license_named(text) or text


def is_spdx(text: str) -> bool:
    """Whether a text is an SPDX expression."""
    try:
        read_license(text)
    except BadLicenseError:
        return False
    return True


def extension(rule: ElasticRule, query: Mapping[str, object | None], logsource: Mapping[str, str]) -> dict[str, object]:
    """Return ``x-converter``: ``query`` says of the target what the rule asks there, the rest is the rule's own."""
    known, extra = known_keys(rule)
    license_, authors = rule.text("license"), _authors(rule)
    threat = rule.values.get("threat") or Seq()
    block = plain(threat)
    read = read_threat(threat) if threat else ()
    made = _made(logsource, attack_tags(read))
    guide, source = apart(rule.text("note"), ", ".join(authors), spdx(license_))
    elastic: dict[str, object | None] = {
        "kind": rule.kind if query.get("opaque") or rule.kind not in ("query", "eql", "esql") else None,
        **query,
        "name": rule.text("name") if len(rule.text("name")) > TITLE else None,
        "rule_id": None if has_own_id(rule) or not rule.text("rule_id") else rule.text("rule_id"),
        "author": authors if authors != [one.strip() for one in _AUTHORS.split(", ".join(authors)) if one.strip()] else None,
        "license": license_ if license_ and _VENDOR.get(spdx(license_), spdx(license_)) != license_ else None,
        "threat": block if block != threat_block(read) or not is_derivable(read) else None,
        **{key: plain(value) for key, value in known.items() if plain(value) != made.get(key)},
        **{key: text for key, text in {"note": guide, "setup": rule.text("setup").strip()}.items() if key in known},
        "metadata": _metadata(rule, logsource),
        "transform": {key: plain(value) for key, value in sorted(rule.transform.items())},
        "extra": plain(extra),
    }
    version = rule.values.get("version")
    return present({"version": version, "source": source, "targets": {TARGET: present(elastic)}})


def in_order(elastic: Mapping[str, object]) -> dict[str, object]:
    """Return the keys of ``x-converter.targets.elastic`` in the order that every import has."""
    between = sorted(elastic.keys() - {*_FIRST, *_LAST})
    return {key: elastic[key] for key in (*_FIRST, *between, *_LAST) if key in elastic}


def correlated(rule: ElasticRule, joined: Joined, said: Meaning) -> tuple[dict[str, object], tuple[dict[str, object], ...]]:
    """Return the ``correlation`` of a rule, and the documents of the rules that it refers to."""
    common = {"author": ", ".join(_authors(rule)), "license": spdx(rule.text("license"))}
    taxonomy = None if said.choice.is_native else "ecs"
    return correlation_documents(rule.text("name"), identifier(rule), common, joined, said.choice.logsource, taxonomy)


def correlation_documents(
    title: str, identifier: str, common: Mapping[str, object], joined: Joined, logsource: Mapping[str, str], taxonomy: str | None
) -> tuple[dict[str, object], tuple[dict[str, object], ...]]:
    """Return the ``correlation`` of the rule with a title and an id, and the documents of those that it refers to.

    ``common`` are keys of each of these.
    """
    name = slug(title)[:100] or "rule"
    title = title[: TITLE - 130]  # what follows it names a part, by up to 110 characters
    own, counts = sections(joined, name)
    others = []
    for part in joined.parts:
        others.append(
            present(
                {
                    "title": f"{title}: event {part.number}" if len(joined.parts) > 1 else f"{title}: the events",
                    "id": part_id(identifier, part.number),
                    "name": f"{name}_{part.number}",
                    **common,
                    "taxonomy": taxonomy,
                    "logsource": dict(logsource),
                    "detection": dict(part.detection),
                }
            )
        )
    for number, (called, section) in enumerate(counts.items(), len(joined.parts) + 1):
        head = {
            "title": f"{title}: several of {called.removesuffix('_times')}",
            "id": part_id(identifier, number),
            "name": called,
            **common,
        }
        others.append(present({**head, "correlation": section}))
    return {"correlation": own}, tuple(others)


def _made(logsource: Mapping[str, str], tags: Sequence[str]) -> dict[str, list[str]]:
    """Return the index and the tags that the target gives a rule with no others, where one integration records its log source."""
    found = sources_of(LogSource(logsource.get("category", ""), logsource.get("product", ""), logsource.get("service", "")))
    needs = [one.targets[TARGET] for one in found if TARGET in one.targets]
    if len(needs) > 1:
        return {}
    index, integrations = ([*needs[0].get("index", ())], needs[0].get("integration", ())) if needs else ([], ())
    named = [f"Data Source: {one.replace('_', ' ').title()}" for one in integrations]
    tactics = [f"Tactic: {one.name}" for one in map(tactic, tags) if one]
    return {"index": index, "tags": list(dict.fromkeys([*named, *tactics]))}


def _authors(rule: ElasticRule) -> list[str]:
    """Return the authors; ``unknown`` alone is what a build writes for none, which Kibana does not take."""
    found = list(rule.texts("author"))
    return [] if found == ["unknown"] else found


def _metadata(rule: ElasticRule, logsource: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys of ``[metadata]`` that the target does not make again from the rule.

    It makes the dates, a usual maturity, and the integration of a log source
    that it knows.
    """
    kept = {str(key): plain(value) for key, value in sorted(rule.metadata.items())}
    if "maturity" not in kept and "creation_date" in kept:
        return kept  # a table with a date is left alone by the target, which would add how mature the rule is
    for key in ("creation_date", "updated_date"):
        if _date(rule.metadata.get(key)):
            kept.pop(key)
    if kept.get("maturity") == "production":
        kept.pop("maturity")
    known = source_of(LogSource(logsource.get("category", ""), logsource.get("product", ""), logsource.get("service", "")))
    if known is not None and kept.get("integration") == list(known.targets.get(TARGET, {}).get("integration", ())):
        kept.pop("integration")
    return kept


def present(values: Mapping[str, object | None]) -> dict[str, object]:
    """Return the values that say something; a query does even when it is empty."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {}) or (key == "query" and value is not None)}


def plain(value: Any) -> Any:  # noqa: ANN401 - any TOML or JSON value
    """Return a value without positions, its dates as texts."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value


def file_of(logsource: Mapping[str, str], name: str) -> str:
    """Return where a rule belongs in a pack: product, then service or category, then its name."""
    folders = [logsource.get("product", ""), logsource.get("service") or logsource.get("category", "")]
    return "/".join([*(one for one in map(slug, folders) if one), f"{(slug(name) or 'rule')[:100]}.yml"])


def slug(text: str) -> str:
    """Return a text as a part of a file's name."""
    return _NOT_SAFE.sub("_", text.lower()).strip("_")


def _prose(rule: ElasticRule, text: str) -> str:
    """Return a text without the line ends of a formatter that wraps at a column; blank lines stay."""
    if not rule.is_wrapped:
        return text.strip()
    paragraphs = re.split(r"\n[ \t]*\n", text.strip())
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def _date(value: object) -> str | None:
    """Return a date of ``[metadata]`` as Sigma writes dates; ``None`` for another text."""
    return value.replace("/", "-") if isinstance(value, str) and _DATE.fullmatch(value) else None


def _day(value: object) -> str | None:
    """Return the day of a moment as Kibana writes it; ``None`` for another text."""
    found = _MOMENT.match(value) if isinstance(value, str) else None
    return found[1] if found else None


EMPTY: Final = Map()
"""A table without keys."""
EMPTY.offsets = []
