"""What an import is worth: a rule that was imported is built as a trial, and keeps its own query where the build would say something else.

A rule is called exact whose build means what its source means.  Where the
system that it came from has no other way to say the detection, the query is
kept; where it has one that loses something, the detection says so much more
than the query did, and the import is not exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from converter.ir import lower
from converter.model import Fidelity, Loss, Source, Status
from converter.pack.compile import Outcome, compile_rule
from converter.pack.loaded import Loaded, RuleFile
from converter.pack.related import related
from converter.readers import read_rules
from converter.targets import target

if TYPE_CHECKING:
    from converter.readers.elastic_rules import Imported


_NOTHING: Final = (Status.UNSUPPORTED, Status.NO_SOURCE, Status.ERROR)
"""Statuses without an artifact; a query does not help where the log source has no place on Elastic."""


def settled(found: Iterable[Imported]) -> Iterator[Imported]:
    """Yield imported rules, those with a detection that Elastic says otherwise, or not at all, with the query that they came with."""
    for one in found:
        yield _settled(one) if one.own and not one.keeps else one


def _settled(one: Imported) -> Imported:
    from converter.readers.elastic_rules import keeping  # not needed by who builds

    built = _built(one)
    if built is None:
        return one
    if built.status in _NOTHING:
        kept = keeping(one)
        again = _built(kept)
        return one if again is None or again.status in _NOTHING else kept
    known = {loss.feature for loss in one.losses if loss.direction is not Fidelity.EXACT}
    lost = [loss for loss in built.losses if not (loss.accepted or loss.compensated_by) and loss.direction is not Fidelity.EXACT]
    place = Source(one.source, "").start
    told = tuple(
        Loss("R132", loss.feature, loss.direction.negated, f"Elastic does not say this of the detection: {loss.message}", place)
        for loss in lost
        if loss.feature not in known
    )
    if not told:
        return one
    # Beside a threshold a query is as good as its translation: what differs is how its events are counted.
    kept = one if one.kind == "threshold" and all(loss.feature.startswith("correlation.") for loss in lost) else keeping(one, told)
    return replace(kept, exact=False, losses=(*one.losses, *dict.fromkeys(told)))


def _built(one: Imported) -> Outcome | None:
    """Return what Elastic makes of the rule, the first of its documents."""
    file = RuleFile(Path(one.file), one.file, one.file)
    rules, _ = read_rules(one.text.encode("utf-8", "replace"), one.file)
    loaded = []
    for rule in rules:
        tree = lower(rule) if rule.detection else None
        loaded.append(Loaded(file, rule, None if isinstance(tree, tuple) else tree, tree if isinstance(tree, tuple) else (), one.file))
    whole = related(loaded, None)
    return compile_rule(whole[0], target("elastic"), {}, frozenset()) if whole else None
