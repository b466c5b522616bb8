"""The TOML of an Elastic detection rule: the rule in the form of Kibana's API, laid out as Elastic's own repository has its rules."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from converter.targets.contract import Compilation, Options
from converter.targets.elastic.keys import OWN_WORDS, carries, needs_of, plain, rule_keys, threats_of
from converter.targets.elastic.layout import filter_tables, table
from converter.targets.elastic.nested import block, laid_out, present
from converter.targets.envelope import Escaped

_BLOCKS = ("threat_query",)
"""Texts that stand between quotes on lines of their own, as queries do."""


def envelope(compilation: Compilation) -> dict[str, Any]:
    """Return the values of ``templates/elastic/rule.toml.j2``, of a compilation whose values ``finished`` found to be TOML's."""
    keys = rule_keys(compilation)
    if carries(compilation.options):
        keys = present(keys)
    filters = keys.pop("filters", [])
    threat = keys.pop("threat", [])
    blocks = [Escaped(f"{key} = {block(keys.pop(key))}") for key in _BLOCKS if key in keys]
    values = _nested_terms(keys) | ({"note": note} if (note := _note(compilation)) else {})
    metadata, more_metadata = laid_out("metadata", _metadata(compilation))
    own, tables = laid_out("rule", values)
    return {
        "metadata": metadata,
        "more_metadata": more_metadata,
        "transform": _transform(compilation.options),
        "lines": own,
        "query": compilation.parts.get("query", ""),
        "blocks": blocks,
        "tables": tables,
        "filters": [Escaped("\n".join(filter_tables(one))) for one in filters],
        "threat": _of_tags(compilation.rule.tags) if threat and not compilation.options.get("threat") else _threat(threat),
    }


@lru_cache(maxsize=4096)
def _of_tags(tags: tuple[str, ...]) -> list[Escaped]:
    """Return the tables of the threat block that a rule's tags give, which many rules share."""
    return _threat(threats_of(tags))


def _threat(entries: list[dict[str, Any]]) -> list[Escaped]:
    return laid_out("rule", {"threat": entries})[1]


def _transform(options: Options) -> list[Escaped]:
    if "transform" not in options:
        return []
    own, tables = laid_out("transform", present(plain(options["transform"], "transform")))
    return [*([Escaped(table("[transform]", [own[:-1]]))] if own else []), *tables]


def _nested_terms(keys: dict[str, Any]) -> dict[str, Any]:
    """Return the keys with new terms as a table, which the API has as two keys of the rule."""
    if "new_terms_fields" not in keys:
        return keys
    start = [{"field": "history_window_start", "value": keys.pop("history_window_start")}]
    return keys | {"new_terms": {"field": "new_terms_fields", "value": keys.pop("new_terms_fields"), "history_window_start": start}}


def _metadata(compilation: Compilation) -> dict[str, Any]:
    """Return what Elastic's repository wants to know of a rule beside it; the rule's own word stands over what its header says.

    Metadata with a date of creation are a source's whole table: nothing is added to them.
    """
    rule = compilation.rule
    made = {
        "creation_date": rule.date.replace("-", "/"),
        "integration": list(needs_of(compilation).get("integration", ())),
        "maturity": "production" if rule.status in ("stable", "test") else "development",
        "updated_date": (rule.modified or rule.date).replace("-", "/"),
    }
    found = {key: value for key, value in made.items() if value}
    if "metadata" not in compilation.options:
        return found
    own: dict[str, Any] = plain(compilation.options["metadata"], "metadata")
    whole: dict[str, Any] = present(own if "creation_date" in own else found | own)
    return whole


_LOSSES: Final = re.compile(r"(?:\A|\n\n)Accepted losses of this translation:(?:\n- T[0-9]{3} [^\n]*)+\Z")


def _note(compilation: Compilation) -> str:
    """Return the rule's guide, where it came from, and the losses that somebody accepted, with their reasons.

    What a guide that was imported from a file like this one has of both is
    not written twice.
    """
    source = compilation.rule.converter.get("source", "")
    origin = f"Adapted from {source}" if source else ""
    guide = _LOSSES.sub("", str(compilation.options.get("note", "")).strip()).removesuffix(origin).strip()
    parts = [guide, origin]
    accepted = {loss.code: loss for loss in compilation.losses if loss.accepted and loss.code not in OWN_WORDS}
    if accepted:
        told = [f"- {code} {one.direction.value}: {one.message} ({' '.join(one.accepted.split())})" for code, one in accepted.items()]
        parts.append("\n".join(["Accepted losses of this translation:", *told]))
    return "\n\n".join(part for part in parts if part)
