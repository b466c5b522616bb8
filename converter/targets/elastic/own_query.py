"""The query that a rule was imported with: it is built as it stands while the detection is still what the import made of it.

A detection can say less, or more, than the query of another language did;
where that language is to be written again, its own words are better than a
translation of a translation.  Whoever changes the detection wants the
change: then the query no longer counts (T111).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from converter.ir import fingerprint
from converter.model import Diagnostic, Fidelity, Loss, Rule, Severity, node
from converter.targets.contract import Options
from converter.targets.elastic.detection import WITH_FILTERS
from converter.targets.elastic.keys import KEPT_QUERY
from converter.targets.elastic.kinds import PLACE

_PLACE: Final = f"{PLACE}.kept"


@node
class Kept:
    """A query that is built as it stands: its language, the parts of its text, and how it differs from the detection."""

    language: str
    parts: Mapping[str, Any]
    losses: tuple[Loss, ...]


def kept_query(rule: Rule, options: Options, others: Iterable[Rule] = ()) -> Kept | Diagnostic | None:
    """Return the query that a rule keeps, a note (T111) where its detection was changed since, ``None`` where it keeps none.

    ``others`` are the rules that a correlation refers to.
    """
    own = options.get("kept")
    if not isinstance(own, Mapping):
        return None
    if own["of"] != fingerprint(rule, others):
        message = "the query that the rule was imported with is not built: the detection was changed since, or a filter is about it"
        return Diagnostic("T111", Severity.WARNING, rule.span(_PLACE), message, help=f"take {_PLACE} away")
    language = str(own["language"])
    parts: dict[str, Any] = {"query": str(own["query"]).rstrip("\n")}
    if own.get("filters"):
        parts["filters"] = json.loads(json.dumps(own["filters"], default=str))
        language = WITH_FILTERS if language == "kuery" else language
    losses: tuple[Loss, ...] = ()
    if own.get("fidelity"):
        why = f": {own['why']}" if own.get("why") else ""
        message = f"the query is the one that the rule was imported with, of which the detection says not all{why}"
        place = rule.span(f"{_PLACE}.query")
        accepted = "the rule keeps this query"
        losses = (Loss(KEPT_QUERY, "elastic.query", Fidelity(own["fidelity"]), message, place, accepted=accepted),)
    return Kept(language, parts, losses)
