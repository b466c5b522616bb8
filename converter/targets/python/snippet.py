"""The functions that a module may need: read from ``snippets/``, where they are checked as the code they are."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_PACKAGE: Final = "converter.targets.python.snippets"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A file of ``snippets/``: its text without head, the modules that it imports, and the other files that it needs."""

    name: str
    text: str
    imports: tuple[str, ...]
    needs: tuple[str, ...]


def needed(names: Iterable[str]) -> tuple[Snippet, ...]:
    """Return the files of these names and all that they need, each once: callers before what they call."""
    found: dict[str, Snippet] = {}
    pending = list(names)
    while pending:
        name = pending.pop(0)
        if name not in found:
            found[name] = _snippet(name)
            pending += found[name].needs
    return tuple(found.values())


@cache
def _snippet(name: str) -> Snippet:
    text = files(_PACKAGE).joinpath(f"{name}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    imports: list[str] = []
    needs: list[str] = []
    kept: list[int] = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Import):
            imports += [one.name for one in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            needs += [str(statement.module).rpartition(".")[2]] if str(statement.module).startswith(_PACKAGE) else []
        elif not isinstance(statement, ast.Expr):
            kept.append(statement.lineno - 1)
    body = "\n".join(lines[kept[0] :])
    return Snippet(name, body.rstrip("\n"), tuple(imports), tuple(needs))
