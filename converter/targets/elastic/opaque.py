"""Opaque rules: kinds of Elastic's own, whose query is copied as it stands."""

from __future__ import annotations

from typing import Final

from converter.model import Diagnostic, Severity
from converter.targets.contract import Compilation, Opaque, Options, ResolvedRule

LANGUAGES: Final = {"eql": "eql", "esql": "esql"}
"""Kinds that need nothing but a query, and its language (Kibana's rule schemas)."""
MISSING: Final = {
    "threshold": "the threshold's fields and value",
    "new_terms": "the new terms' fields and history window",
    "threat_match": "the threat index, query and mapping",
    "machine_learning": "the anomaly threshold",
    "saved_query": "the saved query's id",
    "query": "a query that is KQL",
}
"""What other kinds need beside it; a rule that was read from a page does not have it."""


def opaque(rule: ResolvedRule, meaning: Opaque, options: Options) -> Compilation:
    """Return the rule with its query verbatim, or which parameter keeps it from being built (T102)."""
    language = LANGUAGES.get(meaning.kind)
    if language is not None and meaning.text:
        return Compilation(rule.rule, "elastic", language, {"query": meaning.text.rstrip("\n")}, resolved=rule, options=options)
    lacks = MISSING.get(meaning.kind, "a query") if language is None else "its query"
    message = f"a rule of the kind {meaning.kind} cannot be built without {lacks}"
    place = rule.rule.span("x-converter.targets.elastic")
    told = Diagnostic(
        "T102", Severity.ERROR, place, message, help="import it from a source that shows it, or disable elastic for this rule"
    )
    return Compilation(rule.rule, "elastic", "", diagnostics=(told,))
