"""Rules one after the other as EQL's sequences, rules in any order as its samples.

A sequence's ``maxspan`` counts from the first event to the last, both in, as
a correlation's timespan does.  The engine keeps one sequence for each group
and step, the latest; so it finds one wherever the correlation holds, ending
there or within the timespan before, and none where it does not
(``tests/property/test_elastic_sequences.py`` holds that against the oracle).

A sample is one event of each step with the same keys, within all that a run
sees.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

from converter.data import Binding
from converter.ir import Linked, Part
from converter.model import Fidelity, Loss
from converter.targets.contract import Correlation, Options
from converter.targets.elastic.correlation.keys import HELD, alike, are_apart, fields_of, input_of
from converter.targets.elastic.correlation.made import Made, loss, refusal
from converter.targets.elastic.correlation.threshold import lower_bound
from converter.targets.elastic.correlation.window import Window, counted, duration, too_short, window
from converter.targets.elastic.eql import LANGUAGE, event_query, words
from converter.targets.elastic.own_query import Kept

RUNS: Final = 100
"""Events of one step after each other; that the engine takes no more is an assumption (published rules have up to 60)."""
SAMPLED: Final = 5
"""Steps of a sample; that the engine takes no more is an assumption (published rules have up to 3)."""


def sequence(meaning: Correlation, options: Options) -> Made:
    """Return rules in an order as a sequence.

    Raises:
        Inexpressible: for another kind of correlation, or a step that EQL cannot say.
    """
    linked = meaning.linked
    correlation = linked.correlation
    if correlation.type != "temporal_ordered":
        raise refusal(linked.rule, f"a sequence cannot say a correlation of the type {correlation.type}", "use 'temporal_ordered'")
    if len(linked.parts) < 2:
        raise refusal(linked.rule, "a sequence has two rules at least", "name the rule that comes behind, or before", "correlation.rules")
    steps, losses, span = [], list[Loss](), correlation.timespan
    for part in linked.parts:
        text, lost, extra = _step(meaning, part)
        steps.append(text)
        losses += lost
        span += extra
    if span > correlation.timespan:
        message = (
            f"the events that a rule counts and those of the other rules are within {duration(span)} together: "
            "how near the counted ones are to each other is not asked"
        )
        losses.append(loss(linked.rule, "T131", "correlation.window", Fidelity.WIDER, message, "timespan"))
    alike(meaning, [keys for _, keys, _ in steps])
    seen = window(correlation, options, span)
    steps = _in_runs(steps)
    head = f"sequence{{}} with maxspan={duration(span)}"
    return _made(_text(head, steps), [*losses, *too_short(linked.rule, seen)], seen)


def runs(meaning: Correlation, options: Options) -> Made:
    """Return a count as a sequence of one step that happens so many times: exact, as its span slides.

    Raises:
        Inexpressible: for another kind of correlation, or fewer events than two, or more than EQL takes.
    """
    linked = meaning.linked
    if linked.correlation.type != "event_count":
        raise refusal(linked.rule, "only a count of events is a step that happens several times", "use 'event_count'", "correlation.type")
    step, lost, _ = _counted(meaning, linked)
    if not step[2]:
        raise refusal(linked.rule, "a sequence has two events at least", "ask for more, or leave the language to the converter")
    seen = window(linked.correlation, options)
    head = f"sequence{{}} with maxspan={duration(linked.correlation.timespan)}"
    return _made(_text(head, [step]), [*lost, *too_short(linked.rule, seen)], seen)


def sample(meaning: Correlation, options: Options) -> Made:
    """Return rules in any order as a sample.

    Raises:
        Inexpressible: for another kind of correlation, or without a field to group by.
    """
    linked = meaning.linked
    correlation = linked.correlation
    plain = not correlation.criteria and linked.expression is None
    if correlation.type != "temporal" or not plain or any(isinstance(part.meaning, Linked) for part in linked.parts):
        what = f"of the type {correlation.type}" if plain else "with a condition of its own"
        raise refusal(linked.rule, f"a sample cannot say a correlation {what}", "use 'temporal' with rules about single events")
    if not correlation.group_by or len(linked.parts) < 2:
        raise refusal(
            linked.rule, "a sample needs two rules and a field that their events share", "give 'group-by'", "correlation.group-by"
        )
    if len(linked.parts) > SAMPLED:
        raise refusal(linked.rule, f"a sample has at most {SAMPLED} rules", "correlate fewer rules", "correlation.rules")
    steps, losses = [], list[Loss]()
    for part in linked.parts:
        text, lost, _ = _step(meaning, part)
        steps.append(text)
        losses += lost
    alike(meaning, [keys for _, keys, _ in steps])
    seen = window(correlation, options)
    losses += counted(linked.rule, seen, correlation.timespan)
    if not are_apart([input_of(meaning, part) for part in linked.parts]):
        message = "a sample has different events for all rules, and here one event can match several"
        losses.append(loss(linked.rule, "T135", "correlation.sample", Fidelity.NARROWER, message, "rules"))
    return _made(_text("sample{}", steps), losses, seen)


def as_joined(meaning: Correlation, options: Options, kept: Kept) -> Made:
    """Return a correlation with the sequence or sample that the rule was imported with."""
    correlation, rule = meaning.linked.correlation, meaning.linked.rule
    inner = sum(part.meaning.correlation.timespan for part in meaning.linked.parts if isinstance(part.meaning, Linked))
    seen = window(correlation, options, correlation.timespan + inner)
    lost = counted(rule, seen, correlation.timespan) if correlation.type == "temporal" else too_short(rule, seen)
    return Made(LANGUAGE, kept.parts, (*kept.losses, *lost), {"kind": "eql", **seen.settings})


def _made(query: str, losses: list[Loss], seen: Window) -> Made:
    return Made(LANGUAGE, {"query": query}, tuple(losses), {"kind": "eql", **seen.settings})


Step = tuple[str, tuple[Binding, ...], str]
"""An event in brackets, its keys, and what stands behind them."""


def _text(head: str, steps: list[Step]) -> str:
    """Return the query; keys that all steps share stand once, in front."""
    named = [tuple(words.name(one.path) for one in keys) for _, keys, _ in steps]
    shared = len(set(named)) == 1
    by = f" by {', '.join(named[0])}" if shared and named[0] else ""
    lines = [head.format(by)]
    for (event, _, rest), keys in zip(steps, named, strict=True):
        own = f" by {', '.join(keys)}" if keys and not shared else ""
        lines.append(f"  {event}{own}{rest}")
    return "\n".join(lines)


def _in_runs(steps: list[Step]) -> list[Step]:
    """Return steps that ask the same one after the other as one that happens so many times; all alike stay, which no count says."""
    found: list[Step] = []
    for _, same in groupby(steps, lambda one: (one[0], [key.path for key in one[1]], one[2])):
        first, *others = same
        runs = f" with runs={len(others) + 1}"
        found += [(first[0], first[1], runs)] if others and not first[2] and len(others) < RUNS else [first, *others]
    return found if len(found) > 1 else steps


def _step(meaning: Correlation, part: Part) -> tuple[Step, tuple[Loss, ...], int]:
    """Return a step, what it loses, and by how many seconds its events may be apart."""
    linked = meaning.linked
    if isinstance(part.meaning, Linked):
        return _counted(meaning, part.meaning)
    one = input_of(meaning, part)
    text, lost = event_query(one.rule, one.tree)
    return (text, _names(meaning, linked, part), ""), lost, 0


def _counted(meaning: Correlation, inner: Linked) -> tuple[Step, tuple[Loss, ...], int]:
    """Return a step of several events of a rule: a count that is a part of a sequence."""
    linked = meaning.linked
    if inner.correlation.type != "event_count" or len(inner.parts) != 1 or isinstance(inner.parts[0].meaning, Linked):
        message = f"a step of a sequence cannot be a correlation of the type {inner.correlation.type} or of several rules"
        raise refusal(linked.rule, message, "use 'event_count' of one rule about single events", "correlation.rules")
    if set(inner.correlation.group_by) != set(linked.correlation.group_by):
        message = "a step of a sequence is grouped as the sequence is, and the correlation that it refers to groups in another way"
        raise refusal(linked.rule, message, "give both the same 'group-by'", "correlation.group-by")
    lowest, lost = lower_bound(inner)
    if lowest > RUNS:
        raise refusal(linked.rule, f"EQL takes at most {RUNS} events of one step", "ask for fewer", "correlation.rules")
    part = inner.parts[0]
    one = input_of(meaning, part)
    text, own = event_query(one.rule, one.tree)
    keys = tuple(key for name in dict.fromkeys(linked.correlation.group_by) for key in _keys(meaning, inner, part, name))
    rest = f" with runs={lowest}" if lowest > 1 else ""
    return (text, keys, rest), (*own, *lost), inner.correlation.timespan if lowest > 1 else 0


def _keys(meaning: Correlation, linked: Linked, part: Part, name: str) -> tuple[Binding, ...]:
    return fields_of(meaning, linked, part, (name,), HELD)


def _names(meaning: Correlation, linked: Linked, part: Part) -> tuple[Binding, ...]:
    """Return a step's keys; each name gives as many at each step, so that none is left out where two names stand for one field."""
    return tuple(key for name in dict.fromkeys(linked.correlation.group_by) for key in _keys(meaning, linked, part, name))
