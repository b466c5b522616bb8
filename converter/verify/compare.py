"""Hold an artifact against its rule: the rule on raw events, the artifact on the target's view of the same events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from converter.data import SHIPPED, Tables
from converter.data import Source as DataSource
from converter.ir import Node, atoms, evaluate
from converter.model import Diagnostic, Evidence, Rule, Severity, Source, Span, Status, node
from converter.pack import Loaded
from converter.verify.coverage import decided
from converter.verify.examples import examples
from converter.verify.own_view import OwnView
from converter.verify.readings import Artifact, evidence_of, read_artifact
from converter.verify.synthesized import synthesized
from converter.verify.variants import Variant, variants

SHOWN = 3
"""Disagreements that a verdict keeps."""


@node
class Disagreement:
    """An event on which rule and artifact differ."""

    label: str
    event: Mapping[str, Any]
    expected: bool
    got: bool


@node
class Measured:
    """What a comparison saw: who read the artifact, on how many events, and how much of the rule they decide."""

    engine: str
    version: str
    events: int
    atoms: int
    atoms_covered: int
    disagreements: tuple[Disagreement, ...] = ()


@node
class Verdict:
    """Whether an artifact means its rule.

    ``status`` is the declared one, or ``unknown`` when no event could have
    refuted it; ``diagnostics`` with an error mean that verify fails.
    """

    loaded: Loaded
    target: str
    artifact: str
    status: Status
    evidence: Evidence
    measured: Measured | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the artifact was refuted, or could not be."""
        return any(one.severity is Severity.ERROR for one in self.diagnostics)


@node
class Questions:
    """The events of one rule with the oracle's answers, and which of its atoms they decide."""

    events: tuple[Variant, ...]
    expected: tuple[bool, ...]
    covered: tuple[bool, ...]


def seen(rule: Rule, target: str, tables: Tables = SHIPPED, data: bytes = b"") -> DataSource | None:
    """Return the log source through whose view a target sees a rule's events, ``None`` when no view is known.

    Events of a rule in a target's own names are in those names already, so the log source's view is not theirs.  Of several agents
    that record them it is the one whose index the artifact's ``data`` searches.
    """
    if rule.taxonomy not in ("sigma", "sigmahq"):
        return None
    known = [one for one in tables.sources_of(rule.logsource) if target in one.targets]
    searched = (one for one in known if all(str(index).encode() in data for index in one.targets[target].get("index", ())))
    return next(searched, known[0]) if known else None


def asked_of(loaded: Loaded, tree: Node, tables: Tables = SHIPPED) -> tuple[tuple[Variant, ...], tuple[bool, ...]]:
    """Return the events of a rule's tests with their variants, and those that the rule gives by itself; and which of its atoms are idle."""
    source = tables.source_of(loaded.rule.logsource)
    known = tables.fields(source.id) if source else {}
    found: list[Variant] = []
    given = examples(loaded)[0]
    for example in given:
        found += variants(tree, example, known, len(given))
    own = synthesized(tree, known, source.id if source else "")
    return (*found, *own.events), own.idle


def questions(loaded: Loaded, tree: Node, tables: Tables = SHIPPED) -> Questions:
    """Return the events that a rule is asked on, judged by the oracle, and which of its atoms they decide."""
    events, idle = asked_of(loaded, tree, tables)
    expected = tuple(evaluate(tree, one.event) for one in events)
    shown = decided(tree, [one.event for one in events])
    # What is proved to decide nothing needs no event: no output could go wrong in it alone.
    return Questions(events, expected, tuple(one or other for one, other in zip(shown, idle, strict=True)))


def compare(loaded: Loaded, tree: Node, artifact: Artifact, target: str, declared: Status, asked: Questions) -> Verdict:
    """Return what reading the artifact says; ``declared`` comes from the manifest."""
    answers = read_artifact(target, artifact, [one.event for one in asked.events])
    if isinstance(answers, Diagnostic):
        return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None, (answers,))
    verdict = judge(loaded, tree, artifact, target, declared, asked, answers, evidence_of(target, artifact), "reader", "")
    found = [one.event for one, answer in zip(asked.events, answers, strict=True) if answer][:SHOWN]
    elsewhere = read_artifact(target, artifact, found, foreign=True)
    if artifact.view is not None:
        verdict = replace(verdict, diagnostics=(*verdict.diagnostics, _own_word(target, artifact.view)))
    if isinstance(elsewhere, Diagnostic) or not any(elsewhere):
        return verdict
    message = f"{artifact.path} also fires on events of another log source"
    told = Diagnostic("V007", Severity.ERROR, Source(artifact.path, "").start, message, help="this is a defect of the output")
    return replace(verdict, diagnostics=(*verdict.diagnostics, told))


def _own_word(target: str, view: OwnView) -> Diagnostic:
    """Return the note (V011) that nobody but the pack says what a target sees of the events."""
    path, _, line = view.place.rpartition(":")
    message = f"what {target} sees of these events is the pack's own word: the values stand where its rows say, of the types they say"
    help_text = "nothing was recorded from your system; try a rule there before you rely on it"
    return Diagnostic("V011", Severity.NOTE, Span(path, int(line), 1, int(line), 1), message, help=help_text)


def judge(
    loaded: Loaded,
    tree: Node,
    artifact: Artifact,
    target: str,
    declared: Status,
    asked: Questions,
    answers: Sequence[bool],
    evidence: Evidence,
    engine: str,
    version: str,
) -> Verdict:
    """Compare answers with the oracle's: a difference in a direction that was not declared refutes the artifact."""
    wrong = [
        Disagreement(variant.label, variant.event, expected, got)
        for variant, expected, got in zip(asked.events, asked.expected, answers, strict=True)
        if expected is not got and not _is_declared(declared, expected)
    ]
    measured = Measured(engine, version, len(answers), len(asked.covered), sum(asked.covered), tuple(wrong[:SHOWN]))
    place = Source(artifact.path, "").start
    if wrong:
        first = wrong[0]
        verb = "misses an event" if first.expected else "matches an event that the rule does not"
        message = f"{artifact.path} {verb}: {first.label} ({len(wrong)} of {len(answers)} events disagree, read by {engine})"
        told = Diagnostic("V003", Severity.ERROR, place, message, help="the event and both answers follow; this is a defect of the output")
        return Verdict(loaded, target, artifact.path, declared, evidence, measured, (told,))
    if declared is Status.EXACT and not (all(asked.covered) and asked.covered):
        return Verdict(loaded, target, artifact.path, Status.UNKNOWN, evidence, measured, _uncovered(loaded, tree, asked))
    return Verdict(loaded, target, artifact.path, declared, evidence, measured)


def _uncovered(loaded: Loaded, tree: Node, asked: Questions) -> tuple[Diagnostic, ...]:
    help_text = "add a test event that matches through it alone, and one that it alone keeps out"
    return tuple(
        Diagnostic(
            "V004", Severity.ERROR, loaded.rule.source.span(atom.offsets), "no example event decides this part of the rule", help=help_text
        )
        for atom, covered in zip(atoms(tree), asked.covered, strict=True)
        if not covered
    )


def _is_declared(declared: Status, expected: bool) -> bool:
    """Whether a difference is what the status announced: wider may match more, narrower may miss."""
    if declared in (Status.MIXED, Status.UNKNOWN):
        return True
    return declared is (Status.NARROWER if expected else Status.WIDER)
