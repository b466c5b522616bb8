"""ES|QL: a whole rule for single events, and the condition of one.

``METADATA _id, _index, _version`` lets the detection engine know an event
again, so that no event gives two alerts; a pipe without a ``LIMIT`` returns
1,000 rows, and the detection engine sets its own by ``max_signals``.

Source: Elastic Security, "Create an ES|QL rule", non-aggregating queries; ES|QL reference, LIMIT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from converter.ir import Node
from converter.model import Diagnostic, Loss, Severity
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule
from converter.targets.elastic.esql.atoms import Rank
from converter.targets.elastic.esql.condition import condition
from converter.targets.elastic.esql.losses import losses
from converter.targets.elastic.esql.unmapped import unmapped
from converter.targets.elastic.esql.words import name, text
from converter.targets.elastic.query import conjuncts

METADATA: Final = "METADATA _id, _index, _version"
_PLAIN_INDEX: Final = re.compile(r"[A-Za-z0-9_.*-]+(:[A-Za-z0-9_.*-]+)?")
"""An index, or one of another cluster; any other stands in quotes."""


def query(resolved: ResolvedRule, tree: Node, table: Capabilities, index: Sequence[str] = ()) -> tuple[str, tuple[Loss, ...]]:
    """Return the text of a rule that finds single events, and what it loses.

    ``index`` are the indices to search, of themselves those of the log source.

    Raises:
        Inexpressible: for the first part that ES|QL cannot say, or without an index.
    """
    said, lost = where(resolved, tree, table)
    return f"{source(resolved, index)} {METADATA}\n| WHERE {said}", lost


def where(resolved: ResolvedRule, tree: Node, table: Capabilities) -> tuple[str, tuple[Loss, ...]]:
    """Return the condition of a rule, the log source's guard and each conjunct on a line of its own, and what it loses."""
    lost = (*losses(tree, resolved, table), *unmapped(tree, resolved))
    guards = [_guard(field, value) for field, value in resolved.guard.items()]
    parts = conjuncts(tree)
    within = Rank.OR if len(parts) == 1 and not guards else Rank.NOT
    said = [condition(part, resolved, within=within, margin="  ") for part in parts]
    return "\n  AND ".join([*guards, *said]), lost


def _guard(field: str, value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return f"{name(field)} == {text(value)}"
    return f"{name(field)} IN ({', '.join(map(text, value))})"


def indices(resolved: ResolvedRule) -> tuple[str, ...]:
    """Return the indices of a rule: its own, else those of its log source."""
    targets = resolved.rule.converter.get("targets", {})
    own = targets.get("elastic", {}).get("index", ()) if isinstance(targets, Mapping) else ()
    return tuple(own or resolved.source.targets["elastic"].get("index", ()))


def source(resolved: ResolvedRule, index: Sequence[str] = ()) -> str:
    """Return ``FROM`` and the indices.

    Raises:
        Inexpressible: if there are none: ES|QL has no index of its own to fall back to.
    """
    found = tuple(index) or indices(resolved)
    if not found:
        help_text = "name the indices under x-converter.targets.elastic.index"
        message = "ES|QL cannot search without an index, and nothing names the rule's"
        raise Inexpressible(Diagnostic("T110", Severity.ERROR, resolved.rule.span("logsource"), message, help=help_text))
    return f"FROM {', '.join(one if _PLAIN_INDEX.fullmatch(one) else text(one) for one in found)}"
