"""Write rows as a file of a pack's: one line a field, the same bytes from the same answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from converter.model import LogSource, printable
from converter.readers.fields.join import Joined
from converter.readers.fields.system import System

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
"""Words that mean something else to YAML."""
_TOLD: Final = 200
"""Lines of remarks on what was not joined or left out; more say nothing new."""


def write_fields(system: System, joined: Joined, logsource: LogSource, origin: str) -> bytes:
    """Return the text of ``fields/<name>.yml``; ``origin`` is the name of the file that the system's answer stands in."""
    return ("\n".join(_lines(system, joined, logsource, origin)) + "\n").encode("utf-8")


def _lines(system: System, joined: Joined, logsource: LogSource, origin: str) -> Iterator[str]:
    yield f"# Written by 'converter fields import {system.target}' from {_comment(origin)} ({system.form}, {len(system.fields)} fields)."
    yield "# A row: the name that rules use, and where the system keeps it.  Edit it as you like; a second import then needs --force."
    if joined.missing:
        yield f"# Not found in the system, {len(joined.missing)} names that rules of this log source can use:"
        yield from _wrapped(joined.missing)
    if joined.left:
        yield "# Left out, or to be known:"
        yield from (f"#   {_comment(one)}" for one in joined.left[:_TOLD])
        if len(joined.left) > _TOLD:
            yield f"#   and {len(joined.left) - _TOLD} more"
    parts = {"category": logsource.category, "product": logsource.product, "service": logsource.service}
    yield f"logsource: {_flow({key: value for key, value in parts.items() if value})}"
    yield "targets:"
    yield f"  {system.target}:"
    yield from (f"    {key}: {_flow(value)}" for key, value in joined.selects.items())
    yield "    complete: true"
    yield "    fields:" + ("" if joined.rows else " {}")
    for name, row in joined.rows.items():
        remark = joined.remarks.get(name, "")
        yield f"      {_scalar(name)}: {_flow(row)}" + (f"   # {_comment(remark)}" if remark else "")


def _wrapped(names: tuple[str, ...]) -> Iterator[str]:
    line = "#  "
    for number, name in enumerate(names):
        text = _comment(name) + ("," if number < len(names) - 1 else "")
        if len(line) + len(text) > 138:
            yield line
            line = "#  "
        line += f" {text}"
    yield line


def _flow(value: Any) -> str:  # noqa: ANN401 - what a row holds
    """Return a value in YAML's flow style."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Mapping():
            return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case _:
            return _scalar(str(value))


def _scalar(text: str) -> str:
    """Return a text as a YAML scalar that means it."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """Return a text as it may stand in a comment: on one line, without signs that a terminal acts on."""
    return " ".join(printable(text).split())[:400]
