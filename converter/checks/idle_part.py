"""S025 idle-part: a part of the rule that can never change the answer, by proof.

Why it matters: a value that another value of its list brings along looks like
cover and is none; a filter behind which nothing is left hides what the rule
means.  Where an event can still show the part together with others of its
field, it is a note: the value is redundant, and harmless.

Needs python-sat (pip install 'sigma-converter[examples]'); without it the
check is silent, and so it is on rules of more than 500 parts, which it names
in a note.  What no event of the log source can be is told by S002 and S023,
what excludes each other by S015, the same value twice by S014.

Bad::  CommandLine|contains: [install, localinstall]        Good::  CommandLine|contains: install
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from converter.checks.finding import Finding, finding
from converter.checks.sameness import shape
from converter.checks.subject import Subject
from converter.ir import unevaluable
from converter.model import Severity
from converter.synthesis import AtomFound, Found, SolverMissingError, idle_parts, told

CODE = "S025"
LARGEST: Final = 500
"""Parts of a rule that is asked; the corpora hold a dozen larger ones, lists of hashes and packages."""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each part that a constant could replace, with the parts that are the reason."""
    if subject.tree is None or unevaluable(subject.tree, subject.source):
        return
    if len(subject.atoms) > LARGEST:
        message = f"the rule has {len(subject.atoms)} parts: whether each can change the answer was not asked"
        yield finding(CODE, subject.source, subject.place("title"), message, f"split it at {LARGEST} parts", severity=Severity.NOTE)
        return
    found = _found(subject)
    meant = [shape(leaf) for leaf in subject.atoms]
    for leaf, one in zip(subject.atoms, found, strict=True):
        # Idle because of other parts, none of which is dead or the same again: those are told by other checks.
        if one is None or one.found is Found.DEAD or not one.because or meant.count(shape(leaf)) > 1:
            continue
        others = [found[place] for place in one.because]
        if any(other is not None and other.found is Found.DEAD for other in others):
            continue
        because = "; ".join(dict.fromkeys(told(subject.atoms[place]) for place in one.because[:3]))
        message = f"this can never change the answer: {told(leaf)}, because the rest of the rule decides before it does ({because})"
        severity = Severity.NOTE if one.found is Found.TOGETHER else Severity.WARNING
        yield finding(CODE, subject.source, leaf.offsets, message, "take it out, or correct what covers it", severity=severity)


def _found(subject: Subject) -> tuple[AtomFound | None, ...]:
    """Return the proofs; none of a rule that never matches, which is S015's, and without python-sat."""
    assert subject.tree is not None
    source = subject.tables.source_of(subject.rule.logsource)
    try:
        found = idle_parts(subject.tree, subject.tables.fields(source.id) if source else {})
    except SolverMissingError:
        found = None
    return (None,) * len(subject.atoms) if found is None else found
