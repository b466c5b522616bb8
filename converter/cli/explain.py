"""``converter explain``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from converter.cli.show import Exit, put, say, tell


@click.command("explain")
@click.argument("subject")
@click.option("--event", "event", metavar="FILE", type=click.Path(allow_dash=True), help="Show each part's answer on the events of a file.")
def command(subject: str, event: str | None) -> None:
    """Explain a diagnostic's CODE, or a RULE: its parts, and with --event their answers."""
    from converter.checks import page

    text = page(subject.upper())
    if text is not None:
        put(text.strip())
        return
    if not Path(subject).exists():
        raise click.UsageError(f"'{subject}' is neither a file nor a diagnostic's code.")
    from converter.ir import unevaluable
    from converter.model import has_errors
    from converter.pack import load_pack

    pack = load_pack([Path(subject)])
    tell(pack.diagnostics)
    failed = has_errors(pack.diagnostics)
    for loaded in pack.rules:
        if loaded.tree is None:
            continue
        closed = unevaluable(loaded.tree, loaded.rule.source)
        if event is None or closed:
            tell(closed)
            put(f"{loaded.rule.title}\n{_lines(loaded.tree, None, loaded.rule.source)}")
            failed = failed or (event is not None and bool(closed))
            continue
        failed = _on_events(loaded, event) or failed
    sys.exit(Exit.INPUT if failed else Exit.FINE)


def _on_events(loaded: Any, event: str) -> bool:  # noqa: ANN401 - a Loaded, imported lazily
    from converter.cli.events import read_events
    from converter.ir import evaluate

    failed = False
    for found in read_events([event]):
        if found.event is None:
            tell([found.problem] if found.problem else [])
            failed = True
            continue
        answer = "matches" if evaluate(loaded.tree, found.event) else "does not match"
        put(f"{loaded.rule.title} {answer} event {found.index} of {found.file}\n{_lines(loaded.tree, found.event, loaded.rule.source)}")
    return failed


def _lines(tree: Any, event: Any, source: Any, depth: int = 1) -> str:  # noqa: ANN401 - nodes, imported lazily
    from converter.ir import And, FieldMatch, Keyword, Not, Or, evaluate, lookup

    mark = "" if event is None else ("yes  " if evaluate(tree, event) else "no   ")
    indent = "  " * depth
    match tree:
        case And(children) | Or(children):
            word = "all of" if isinstance(tree, And) else "any of"
            return "\n".join([f"{indent}{mark}{word}", *(_lines(child, event, source, depth + 1) for child in children)])
        case Not(child):
            return "\n".join([f"{indent}{mark}not", _lines(child, event, source, depth + 1)])
        case FieldMatch(field):
            span = source.span(tree.offsets)
            shown = f"line {span.line}: {field}{''.join('|' + one for one in tree.modifiers)} {_wanted(tree.test)}"
            if event is None:
                return f"{indent}{shown}"
            found = lookup(event, field)
            value = ", ".join(repr(one) for one in found.values[:5]) if found.values else ("(empty list)" if found.present else "(missing)")
            return f"{indent}{mark}{shown}   the event has {value}"
        case Keyword(test):
            return f"{indent}{mark}line {source.span(tree.offsets).line}: keyword {_wanted(test)}"
    say(f"unknown node {tree!r}")
    return ""


def _wanted(test: Any) -> str:  # noqa: ANN401 - a test, imported lazily
    from converter.ir import Text, sigma_text

    if isinstance(test, Text):
        return repr(sigma_text(test.parts)) + (" (cased)" if test.cased else "")
    return repr(test)
