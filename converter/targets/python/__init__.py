"""Python: a standalone module for each rule, whose ``match`` is the rule as an expression."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from converter.data import read_facts
from converter.ir import And, Atom, Node, Not, Or, Text, atoms, feature
from converter.model import Artifact, Diagnostic, Rule, Severity
from converter.targets.contract import Capabilities, Compilation, Detection, Inexpressible, Options, ResolvedRule
from converter.targets.envelope import Escaped, render
from converter.targets.python.expression import Printer, call_of, helpers, printed
from converter.targets.python.snippet import needed

_DEPTH: Final = 90
"""Levels of nesting: Python's parser reads 200 parentheses and its compiler recurses."""
_WIDTH: Final = 110


@dataclass(frozen=True, slots=True)
class Python:
    """The target; it has no options."""

    name: str = "python"
    base: str = "python"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what a module can express."""
        return {"python": _capabilities()}

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the expression, or every reason why there is none."""
        if not isinstance(rule.meaning, Detection):
            raise ValueError("an opaque rule has no condition to print")
        tree, printer = rule.meaning.tree, Printer(rule.rule, rule.fields)
        found = _problems(printer, tree)
        if found:
            return Compilation(rule.rule, self.name, "python", diagnostics=tuple(found), resolved=rule, options=options)
        needs = {"helpers": helpers(printer, tree)}
        return Compilation(
            rule.rule, self.name, "python", {"expression": printed(printer, tree)}, needs=needs, resolved=rule, options=options
        )

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a module for each rule."""
        return [
            Artifact(f"{path}.py", render("python/rule.py.j2", _values(one)), (one.rule.id,)) for one, path in zip(done, paths, strict=True)
        ]


TARGET: Final = Python()


@cache
def _capabilities() -> Capabilities:
    return Capabilities("python", read_facts(Path(__file__).with_name("capabilities.yml"))["features"])


def _problems(printer: Printer, tree: Node) -> list[Diagnostic]:
    """Return why the tree cannot be printed, each part at its place."""
    if _deep(tree):
        place = printer.rule.span("detection.condition")
        return [Diagnostic("T402", Severity.ERROR, place, "the condition nests deeper than Python reads", help="split the rule")]
    found: list[Diagnostic] = []
    for atom in atoms(tree):
        try:
            call_of(printer, atom)
        except Inexpressible as error:
            found.append(error.diagnostic)
            continue
        if unlisted := _unlisted(atom):
            message = f"Python cannot express {unlisted}"
            found.append(
                Diagnostic("T401", Severity.ERROR, printer.rule.source.span(atom.offsets), message, help="write the test in another way")
            )
    return found


def _unlisted(atom: Atom) -> str:
    """Return the feature of an atom that the table does not list, or nothing."""
    names = [feature(atom), *(["value.cased"] if isinstance(atom.test, Text) and atom.test.cased else [])]
    return next((name for name in names if _capabilities().fidelity(name, "any") is None), "")


def _deep(tree: Node) -> bool:
    """Say whether the tree nests too deeply, without recursion."""
    level: list[Node] = [tree]
    for _ in range(_DEPTH):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(tree: Node) -> tuple[Node, ...]:
    if isinstance(tree, And | Or):
        return tree.children
    return (tree.child,) if isinstance(tree, Not) else ()


def _values(done: Compilation) -> dict[str, Any]:
    snippets = needed(done.needs["helpers"])
    return {
        "docstring": Escaped(_docstring(done.rule)),
        "metadata": _metadata(done.rule),
        "expression": Escaped(done.parts["expression"]),
        "imports": [Escaped(name) for name in sorted({name for one in snippets for name in one.imports})],
        "helpers": [Escaped(one.text) for one in snippets],
    }


def _metadata(rule: Rule) -> dict[str, Any]:
    """Return what is said about the rule; what the rule does not say is left out."""
    values: dict[str, Any] = {
        "id": rule.id,
        "title": rule.title,
        "level": rule.level,
        "status": rule.status,
        "author": rule.author,
        "license": rule.license,
        "source": str(rule.converter.get("source", "")),
        "date": rule.date,
        "modified": rule.modified,
        "tags": rule.tags,
        "references": rule.references,
        "falsepositives": rule.falsepositives,
        "logsource": str(rule.logsource),
    }
    return {key: value for key, value in values.items() if value}


def _docstring(rule: Rule) -> str:
    """Return title and description as the text of a docstring: nothing in it ends the docstring."""
    title = " ".join(rule.title.split())
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", rule.description)]
    wrapped = [textwrap.fill(paragraph, _WIDTH) for paragraph in paragraphs if paragraph]
    footer = f"Made from the Sigma rule {rule.id}; change the rule, not this file."
    text = "\n\n".join([title, *wrapped, footer]).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = '\\"' + text[1:] if text.startswith('"') else text
    return "".join(letter if letter.isprintable() or letter == "\n" else f"\\U{ord(letter):08x}" for letter in text)
