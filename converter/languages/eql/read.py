"""Read an EQL query: events, sequences, samples and pipes, with the place of every part and of the first mistake.

Source: Elasticsearch, EQL syntax and pipe references; elastic/elasticsearch EqlBase.g4 (current grammar) and LogicalPlanBuilder.java.
"""

from __future__ import annotations

from typing import Final

from converter.languages.eql.facts import refused_pipes
from converter.languages.eql.problem import SAMPLE_STEPS, SIZE, STEPS, Stop
from converter.languages.eql.read_expression import Tokens, expression, field
from converter.languages.eql.syntax import Body, Event, Field, Pipe, Query, Sample, Sequence, Step
from converter.languages.eql.tokens import KEYWORDS, tokens_of
from converter.model import Diagnostic, Severity, Source, pack

_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_MOST_RUNS: Final = 100


def read(text: str, path: str = "<query>") -> Query | Diagnostic:
    """Return the tree of an EQL query, or why it is none.

    Args:
        text: the query.
        path: the name by which people know where the text came from.

    Returns:
        A diagnostic ``R280`` (not EQL), ``R281`` (too long or too deep) or
        ``R282`` (a word that Elasticsearch does not have) instead of the tree.
    """
    source = Source(path, text)
    if len(text) > SIZE:
        message = f"the query has {len(text)} characters, more than {SIZE}"
        return Diagnostic("R281", Severity.ERROR, source.start, message, "split the query into several rules")
    try:
        tokens = Tokens(tokens_of(text))
        body = _body(tokens)
        pipes: list[Pipe] = []
        while tokens.is_("|"):
            pipes.append(_pipe(tokens))
        if tokens.next.kind != "end":
            tokens.fail("the end of the query" if pipes else "`and`, `or`, a pipe or the end of the query")
        return Query(source, body, tuple(pipes))
    except Stop as stop:
        return stop.diagnostic(source)


def _body(tokens: Tokens) -> Body:
    if tokens.is_("sequence"):
        return _sequence(tokens)
    if tokens.is_("sample"):
        return _sample(tokens)
    if tokens.is_("join"):
        raise Stop("R282", tokens.next.offsets, "Elasticsearch has no `join`", "write `sample by` for events in any order")
    return _event(tokens)


def _event(tokens: Tokens) -> Event:
    """Read ``category where condition``."""
    start = tokens.start
    token = tokens.next
    category: str | None = None
    if token.kind in ("string", "raw"):
        category = tokens.take().text
    elif not tokens.skip("any"):
        if token.kind == "quoted":
            tokens.fail("an event category", "a category with other characters stands in double quotes")
        if token.kind != "word" or token.text in KEYWORDS:
            tokens.fail("an event category", "a query begins with a category or `any`, then `where`")
        category = tokens.take().text
    help = "a category with a dot, a hyphen or a space stands in double quotes" if tokens.is_(".", "-") else ""
    tokens.expect("where", help)
    return Event(category, expression(tokens), token.offsets, tokens.since(start))


def _sequence(tokens: Tokens) -> Sequence:
    start = tokens.start
    tokens.take()
    by = _keys(tokens)
    maxspan_ms: int | None = None
    if tokens.is_("with"):
        maxspan_ms = _maxspan(tokens)
        if tokens.is_("by"):
            tokens.fail("`[`", "`by` stands before `with`")
    steps: list[Step] = []
    while tokens.is_("[", "!["):
        steps.append(_step(tokens, by, runs=True))
    until = None
    if tokens.is_("until"):
        tokens.take()
        until = _step(tokens, by, runs=False)
        if until.missing:
            raise Stop("R280", until.offsets, "`until` takes an event, no missing one", "remove the `!`")
    offsets = tokens.since(start)
    _check_sequence(tokens, steps, until, maxspan_ms)
    return Sequence(by, maxspan_ms, tuple(steps), until, offsets)


def _check_sequence(tokens: Tokens, steps: list[Step], until: Step | None, maxspan_ms: int | None) -> None:
    """Refuse what a sequence cannot be.

    Raises:
        Stop: at the place of the mistake.
    """
    length = sum(one.runs for one in steps)
    if length < 2:
        tokens.fail("`[`", "a sequence has at least two events")
    if length > STEPS:
        raise Stop("R281", steps[-1].offsets, f"the sequence has {length} events, more than {STEPS}", "ask for fewer runs")
    for one in (*steps, *([until] if until else [])):
        if len(one.by) != len(steps[0].by):
            message = f"the first event has {len(steps[0].by)} join keys, this one {len(one.by)}"
            raise Stop("R280", one.offsets, message, "give every event the same number of keys")
    missing = next((one for one in steps if one.missing), None)
    if missing is None:
        return
    if maxspan_ms is None:
        raise Stop("R280", missing.offsets, "a missing event needs a time span", "write `with maxspan=…` behind the keys")
    if all(one.missing for one in steps):
        raise Stop("R280", missing.offsets, "all events of the sequence are missing ones", "write at least one `[ … ]`")


def _sample(tokens: Tokens) -> Sample:
    start = tokens.start
    tokens.take()
    by = _keys(tokens)
    if tokens.is_("with"):
        tokens.fail("`[`", "a sample has neither maxspan nor runs")
    steps: list[Step] = []
    while tokens.is_("[", "!["):
        steps.append(_step(tokens, by, runs=False))
    if tokens.is_("until"):
        tokens.fail("`[`", "a sample has no until")
    if len(steps) < 2:
        tokens.fail("`[`", "a sample has at least two events")
    if len(steps) > SAMPLE_STEPS:
        raise Stop("R281", steps[-1].offsets, f"the sample has {len(steps)} events, more than {SAMPLE_STEPS}", "split the sample")
    for one in steps:
        if one.missing:
            raise Stop("R280", one.offsets, "a sample has no missing events", "write a sequence with maxspan")
        if len(one.by) != len(steps[0].by):
            message = f"the first event has {len(steps[0].by)} join keys, this one {len(one.by)}"
            raise Stop("R280", one.offsets, message, "give every event the same number of keys")
    if not steps[0].by:
        raise Stop("R280", tokens.since(start), "a sample needs a join key", "write `sample by field`")
    return Sample(by, tuple(steps), tokens.since(start))


def _step(tokens: Tokens, shared: tuple[Field, ...], *, runs: bool) -> Step:
    """Read ``[ event ] by keys with runs=3``."""
    start = tokens.start
    missing = tokens.skip("![")
    if not missing:
        tokens.expect("[", "an event of a sequence stands in square brackets")
    event = _event(tokens)
    tokens.expect("]", "join conditions with `and` or `or`, and close the bracket")
    by = (*shared, *_keys(tokens))
    count = _runs(tokens) if tokens.is_("with") else 1
    step = Step(event, by, missing, count, tokens.since(start))
    if count > 1 and not runs:
        raise Stop("R280", step.offsets, "`with runs` stands in a sequence only", "remove it")
    return step


def _keys(tokens: Tokens) -> tuple[Field, ...]:
    """Read ``by field, field``; nothing where no ``by`` stands."""
    if not tokens.skip("by"):
        return ()
    found = [_key(tokens)]
    while tokens.skip(","):
        found.append(_key(tokens))
    return tuple(found)


def _key(tokens: Tokens) -> Field:
    if tokens.next.kind not in ("word", "quoted") and not tokens.is_("?"):
        tokens.fail("a field", "a join key is a field")
    found = field(tokens)
    if tokens.is_("("):
        tokens.fail("`,` or `[`", "a join key is a field, no function of one")
    return found


def _maxspan(tokens: Tokens) -> int:
    """Read ``with maxspan=30s``; milliseconds."""
    tokens.take()
    if not tokens.is_("maxspan"):
        tokens.fail("`maxspan`", "`with runs` stands behind an event")
    tokens.take()
    tokens.expect("=")
    count = tokens.next
    if count.kind != "integer" or len(count.text) > 12 or int(count.text) == 0:
        tokens.fail("a whole number above 0", "a time span is written 30s, 5m, 12h or 1d")
    tokens.take()
    unit = tokens.next
    if unit.kind != "word" or unit.text not in _UNITS_MS:
        tokens.fail("a unit", "the units are ms, s, m, h and d")
    tokens.take()
    return int(count.text) * _UNITS_MS[unit.text]


def _runs(tokens: Tokens) -> int:
    """Read ``with runs=3``."""
    tokens.take()
    if not tokens.is_("runs"):
        tokens.fail("`runs`", "`with maxspan` stands behind `sequence` and its keys")
    tokens.take()
    tokens.expect("=")
    count = tokens.next
    if count.kind != "integer" or len(count.text) > 6 or not 1 <= int(count.text) <= _MOST_RUNS:
        tokens.fail("a whole number from 1 to 100", "an event runs 1 to 100 times in a row")
    tokens.take()
    return int(count.text)


def _pipe(tokens: Tokens) -> Pipe:
    """Read ``| head 10``."""
    start = tokens.start
    tokens.take()
    token = tokens.next
    if token.kind != "word":
        tokens.fail("`head` or `tail`", "the pipes of Elasticsearch are head and tail")
    tokens.take()
    if token.text not in ("head", "tail"):
        help = refused_pipes().get(token.text, "the pipes of Elasticsearch are head and tail")
        raise Stop("R282", token.offsets, f"Elasticsearch has no pipe {token.text}", help)
    count = tokens.next
    if count.kind != "integer" or len(count.text) > 9:
        tokens.fail("a whole number", f"write `| {token.text} 10`")
    tokens.take()
    return Pipe(token.text, int(count.text), pack(start, 0) | tokens.since(start))
