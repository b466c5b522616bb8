"""Opaque rules: kinds of Elastic's own, whose query is copied as it stands."""

from __future__ import annotations

from converter.model import Diagnostic, Severity
from converter.targets.contract import Compilation, Opaque, Options, ResolvedRule
from converter.targets.elastic.kinds import PLACE, kind_of


def opaque(rule: ResolvedRule, meaning: Opaque, options: Options) -> Compilation:
    """Return the rule with its query verbatim, or why there is none (T102).

    A query of a kind that takes KQL and Lucene is KQL, unless the rule says
    otherwise; a job of machine learning has no query at all.
    """
    kind = kind_of({**options, "kind": meaning.kind}, "")
    language = "" if not kind.languages else kind.languages[0]
    if options.get("language") in kind.languages:
        language = str(options["language"]).removesuffix("+filters")
    query = meaning.text.rstrip("\n")
    if not query and (kind.query == "needed" or (kind.name == "query" and not options.get("filters"))):
        message = f"a rule of the kind {kind.name} cannot be built without its query"
        told = Diagnostic(
            "T102", Severity.ERROR, rule.rule.span(PLACE), message, help=f"write {PLACE}.query, or disable elastic for this rule"
        )
        return Compilation(rule.rule, "elastic", "", diagnostics=(told,))
    parts = {"query": query} if query and kind.query != "none" else {}
    return Compilation(rule.rule, "elastic", language, parts, resolved=rule, options=options)
