"""``converter explain``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from converter.cli.options import policy_of
from converter.cli.show import Exit, put, say, tell

SHOWN = 5
"""Values of a field, or of a list, that are shown."""


@click.command("explain")
@click.argument("subject")
@click.option("--event", "event", metavar="FILE", type=click.Path(allow_dash=True), help="Show each part's answer on the events of a file.")
def command(subject: str, event: str | None) -> None:
    """Explain a diagnostic's CODE, or a RULE: its parts, what a correlation becomes, and with --event their answers and the values."""
    from converter.checks import page

    text = page(subject.upper())
    if text is not None:
        put(text.strip())
        return
    if not Path(subject).exists():
        raise click.UsageError(f"'{subject}' is neither a file nor a diagnostic's code.")
    from converter.cli.explain_output import outputs
    from converter.ir import unevaluable
    from converter.model import has_errors
    from converter.pack import load_pack

    policy = policy_of([subject])
    config = policy.config
    pack = load_pack([Path(subject)], config.rules, config.placeholders)
    tell(pack.diagnostics)
    exit_ = Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINE
    for loaded in pack.rules:
        if loaded.linked is not None:
            exit_ = max(exit_, _correlation(loaded.linked, event))
            if event is None:
                put("\n".join(outputs(loaded, policy)))
        if loaded.tree is None:
            continue
        closed = unevaluable(loaded.tree, loaded.rule.source)
        if event is None or closed:
            tell(closed)
            put(f"{loaded.rule.title}\n{_lines(loaded.tree, None, loaded.rule.source)}")
            exit_ = max(exit_, Exit.INPUT if event is not None and closed else Exit.FINE)
            continue
        exit_ = max(exit_, _on_events(loaded, event))
    sys.exit(exit_)


def _correlation(linked: Any, event: str | None) -> Exit:  # noqa: ANN401 - a Linked, imported lazily
    from converter.cli.events import seen_events
    from converter.cli.explain_correlation import Followed, asked_for
    from converter.verify import unanswerable

    closed = unanswerable(linked)
    tell(closed)
    put(asked_for(linked))
    if event is None or closed:
        return Exit.INPUT if event is not None and closed else Exit.FINE
    exit_ = Exit.FINE
    followed = Followed(linked)
    for found, seen in seen_events([event]):
        if seen is None:
            tell([found.problem] if found.problem else [])
            exit_ = max(exit_, Exit.ENVIRONMENT if found.problem and found.problem.code == "R053" else Exit.INPUT)
            continue
        followed.add(seen, f"event {found.index}")
    for line in followed.lines():
        put(line)
    return exit_


def _on_events(loaded: Any, event: str) -> Exit:  # noqa: ANN401 - a Loaded, imported lazily
    from converter.cli.events import seen_events
    from converter.ir import evaluate

    exit_ = Exit.FINE
    for found, seen in seen_events([event]):
        if seen is None:
            tell([found.problem] if found.problem else [])
            exit_ = max(exit_, Exit.ENVIRONMENT if found.problem and found.problem.code == "R053" else Exit.INPUT)
            continue
        answer = "matches" if evaluate(loaded.tree, seen.event) else "does not match"
        place = f"event {found.index} of {found.file}" + (f", {seen.inside.rstrip('.')}" if seen.inside else "")
        put(f"{loaded.rule.title} {answer} {place}\n{_source(loaded.rule, seen)}\n{_lines(loaded.tree, seen, loaded.rule.source)}")
    return exit_


def _source(rule: Any, seen: Any) -> str:  # noqa: ANN401 - a Rule and a Seen, imported lazily
    """Say whether ``match`` would ask the rule of this event."""
    from converter.match import admits

    if seen.shape is None:
        return "  the event shows no source: every rule is asked"
    if rule.taxonomy not in seen.shape.taxonomies:
        return f"  not asked by match: the rule's names are those of '{rule.taxonomy}', the event ({seen.shape.name}) has other names"
    if admits(rule.logsource, seen):
        return f"  asked: the log source ({rule.logsource}) admits this event ({seen.shape.name})"
    return (
        f"  not asked by match: the log source ({rule.logsource}) does not admit this event ({seen.shape.name}); --any-source asks anyway"
    )


def _lines(tree: Any, seen: Any, source: Any, depth: int = 1) -> str:  # noqa: ANN401 - nodes, imported lazily
    from converter.ir import And, FieldMatch, Keyword, Not, Or, evaluate

    mark = "" if seen is None else ("yes  " if evaluate(tree, seen.event) else "no   ")
    indent = "  " * depth
    match tree:
        case And(children) | Or(children):
            word = "all of" if isinstance(tree, And) else "any of"
            return "\n".join([f"{indent}{mark}{word}", *(_lines(child, seen, source, depth + 1) for child in children)])
        case Not(child):
            return "\n".join([f"{indent}{mark}not", _lines(child, seen, source, depth + 1)])
        case FieldMatch(field):
            span = source.span(tree.offsets)
            shown = f"{indent}{mark}line {span.line}: {field}{''.join('|' + one for one in tree.modifiers)} {_wanted(tree.test)}"
            return shown if seen is None else f"{shown}   {_why(tree, seen)}"
        case Keyword(test):
            shown = f"{indent}{mark}line {source.span(tree.offsets).line}: keyword {_wanted(test)}"
            return shown if seen is None else f"{shown}   {_whence(tree, seen)}"
    say(f"unknown node {tree!r}")
    return ""


def _why(atom: Any, seen: Any) -> str:  # noqa: ANN401 - a FieldMatch and a Seen, imported lazily
    """Say what stands at an atom's field, where, and which of several values decided."""
    from converter.ir import Found, Text, holds, lookup
    from converter.match import origin

    found = lookup(seen.event, atom.field)
    if not found.present:
        near = next((key for key in seen.event if key.casefold() == atom.field.casefold()), None)
        return "the event has no such field" + (f"; it has {near}, and case counts in names" if near else "")
    place = origin(seen, atom.field)
    at = "" if place == atom.field else f" at {place}"
    if not found.values:
        return f"the event has an empty list{at}"
    if len(found.values) == 1:
        value = found.values[0]
        return f"the event has {'null' if value is None else _short(value)}{at}{_case(atom.test, value)}{_part(atom.test, value)}"
    deciding = [index for index, one in enumerate(found.values) if holds(atom.test, Found(True, (one,)), seen.event)]
    if deciding and not isinstance(atom.test, Text) and atom.test.__class__.__name__ in ("Null", "Exists"):
        deciding = []
    shown = ", ".join(_short(one) for one in found.values[:SHOWN]) + (", …" if len(found.values) > SHOWN else "")
    which = f"; element {deciding[0]} decides: {_short(found.values[deciding[0]])}" if deciding else ""
    return f"the event has {len(found.values)} values{at}: {shown}{which}"


def _whence(keyword: Any, seen: Any) -> str:  # noqa: ANN401 - a Keyword and a Seen, imported lazily
    """Say in which value of the event a keyword stands."""
    from converter.ir import evaluate, texts

    found = next((text for text in texts(seen.event) if evaluate(keyword, {"value": text})), None)
    return "no value of the event holds it" if found is None else f"the event has {_short(found)}"


def _case(test: Any, value: Any) -> str:  # noqa: ANN401 - a test, imported lazily
    """Say so when only the case of letters keeps a value from matching."""
    from converter.ir import Text, fits, scalar_text

    if not isinstance(test, Text) or not test.cased or value is None or isinstance(value, dict):
        return ""
    text = scalar_text(value)
    return "; only its case differs" if fits(test.parts, text, False) and not fits(test.parts, text, True) else ""


def _part(test: Any, value: Any) -> str:  # noqa: ANN401 - a test, imported lazily
    """Say so when a part of a time is asked of what is no time, or has no such part."""
    from converter.ir import TimePart, time_part

    if not isinstance(test, TimePart) or (isinstance(value, str) and time_part(value, test.unit) is not None):
        return ""
    return (
        f"; it has no {test.unit}"
        if isinstance(value, str) and time_part(value, "day") is not None
        else "; it is no time as ISO 8601 writes it"
    )


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"


_ORDER = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def _wanted(test: Any) -> str:  # noqa: ANN401 - a test, imported lazily
    """Return what a test asks for, as a rule would write it."""
    from converter.ir import Boolean, Cidr, Compare, Exists, FieldRef, Null, Number, Regex, Text, TimePart, sigma_text

    match test:
        case Text(parts, cased):
            return repr(sigma_text(parts)) + (" (cased)" if cased else "")
        case Number(value):
            return repr(value)
        case Boolean(value) | Exists(value):
            return "true" if value else "false"
        case Null():
            return "null"
        case Compare(operator, value) | TimePart(_, operator, value):
            return f"{_ORDER[operator]} {value}"
        case Cidr(text) | Regex(text):
            return repr(text)
        case FieldRef(field):
            return f"the value of {field}"
    say(f"unknown test {test!r}")
    return ""
