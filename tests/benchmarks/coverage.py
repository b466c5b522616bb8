"""How much of a corpus is exact on Elastic, in which language, why each language before it fell, and why the others are not exact."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from converter.model import Status
from converter.pack import Outcome, compile_rule, load_pack
from converter.targets import target

ROOT = Path(__file__).resolve().parent.parent.parent
ALWAYS: Final = frozenset({"T102"})
"""Codes that say nothing of why a rule is refused."""
_ABSENCE: Final = ("value.null", "value.empty", "value.present", "value.exists")
_BY_CODE: Final = {
    "M011": "a placeholder has no value",
    "T002": "the tables do not know the log source",
    "T005": "the integration leaves out a value or writes it in another way",
    "T119": "a language or the index only comes near a test",
    "T117": "an index may lack a field's column",
}


@dataclass(frozen=True)
class Coverage:
    """Of a corpus the exact rules by language and the others by reason; ``mapped`` counts those whose log source is on Elastic.

    ``readable`` leaves out of these the ones that no target can have, such as a placeholder without a value; ``fell`` says what kept a
    language from an exact rule, for the first that was tried.
    """

    all: int
    mapped: int
    readable: int
    exact: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    fell: Counter[str] = field(default_factory=Counter)


def measured(outcomes: Iterable[Outcome]) -> Coverage:
    """Return what a corpus gives on Elastic."""
    exact: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    fell: Counter[str] = Counter()
    unmapped = unread = count = 0
    for outcome in outcomes:
        count += 1
        made = outcome.compilation
        if outcome.status is Status.EXACT and made is not None:
            exact[made.language] += 1
            if made.tried and made.tried[0].language != made.language:
                first = made.tried[0]
                why = first.refusal.code if first.refusal else ", ".join(sorted({f"{one.code} {one.feature}" for one in first.losses}))
                fell[f"{first.language} to {made.language}: {why}"] += 1
            continue
        why = reason(outcome)
        reasons[why] += 1
        unmapped += outcome.status is Status.NO_SOURCE or why == _BY_CODE["T002"]
        unread += why == _BY_CODE["M011"]
    return Coverage(count, count - unmapped, count - unmapped - unread, exact, reasons, fell)


def reason(outcome: Outcome) -> str:
    """Return in a few words why a rule is not exact."""
    if outcome.status is Status.NO_SOURCE:
        return "Elastic has no integration for the log source"
    found = {one.code: one.message for one in outcome.diagnostics if one.code not in ALWAYS}
    for code in ("M011", "T002", "T001", "T005", "T110"):
        if code not in found:
            continue
        if code == "T001":
            absent = any(one.code == code and "is not a field of this log source" in one.message for one in outcome.diagnostics)
            return "no such event has the field" if absent else "the integration's documents lack the field"
        if code == "T110":
            return (
                "a keyword without a field"
                if "'keyword'" in found[code] or "without a field" in found[code]
                else "no language can say a test"
            )
        return _BY_CODE[code]
    codes = {one.code for one in outcome.losses}
    if outcome.losses and all(one.feature in _ABSENCE for one in outcome.losses):
        return "missing and empty, or not known, are one there"
    known = [_BY_CODE[code] for code in sorted(codes) if code in _BY_CODE]
    return known[0] if known else ", ".join(sorted({*codes, *found})) or str(outcome.status.value)


def coverage() -> None:
    """Print the coverage of the corpus."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        print("elastic: CONVERTER_CORPORA names no folder")
        return
    elastic = target("elastic")
    found = measured(compile_rule(loaded, elastic, {}, frozenset()) for loaded in load_pack([corpus]).rules)
    total = found.exact.total()
    print(f"elastic: {total} of {found.all} rules exact, {total / found.all:.1%}")
    print(f"elastic: {total / found.mapped:.1%} of {found.mapped} whose log source it has")
    print(f"elastic: {total / found.readable:.1%} of {found.readable} of these that have no placeholder without a value")
    print("elastic: exact " + ", ".join(f"{count} {language}" for language, count in found.exact.most_common()))
    for why, count in found.reasons.most_common():
        print(f"elastic: not exact {count}: {why}")
    for why, count in found.fell.most_common(15):
        print(f"elastic: {count} from {why}")


if __name__ == "__main__":
    coverage()
