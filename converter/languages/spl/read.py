"""Read a whole search: macros, pipes, commands; the text or the reason against it, with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from converter.languages.spl import tokens
from converter.languages.spl.macros import Expanded, Macro, expand, parts_of_call
from converter.languages.spl.problem import ReadError
from converter.languages.spl.read_commands import COMMANDS
from converter.languages.spl.read_search import search_expression
from converter.languages.spl.syntax import Command, MacroCall, Pipeline, Search
from converter.languages.spl.tokens import fault
from converter.model import Diagnostic, Source

COMMAND_LIMIT: Final = 200
"""Commands of a search."""
_NAME = re.compile(r"[ \t\r\n]*([A-Za-z_][A-Za-z0-9_]*)(?![^ \t\r\n(\"'`=])")
_MACRO = re.compile(r"[ \t\r\n]*`([^`]+)`[ \t\r\n]*")


def read(text: str, path: str = "<search>", macros: Mapping[str, Macro] | None = None) -> Pipeline | Diagnostic:
    """Return the pipeline that ``text`` is, or the first thing wrong with it.

    Args:
        text: a search as it stands in ``savedsearches.conf``; the first
            command is ``search`` unless the text begins with a pipe.
        path: what the text is called in the diagnostic.
        macros: definitions by name, ``name(2)`` for one with two arguments;
            a macro that is not among them is an error.  Without them macros
            stay as ``MacroCall`` nodes, for reading without running.

    Codes: R240 syntax, R241 unknown command, R242 unknown function, R243
    macros, R244 bounds, R245 regular expressions, R246 characters that
    Splunk may read in two ways, R247 what cannot be evaluated.
    """
    try:
        return _pipeline(expand(Source(path, text), macros))
    except ReadError as stopped:
        return stopped.diagnostic


def _pipeline(text: Expanded) -> Pipeline:
    """Return the commands of an expanded text."""
    found: list[Command] = []
    for index, (start, end) in enumerate(tokens.commands(text)):
        blank = not text.text[start:end].strip(" \t\r\n")
        if index > COMMAND_LIMIT:
            raise fault(text, start, end, "R244", f"the search has more than {COMMAND_LIMIT} commands", "split the search")
        if blank and index == 0 and end < len(text.text):
            continue
        if blank:
            what = "the search is empty" if index == 0 else "a command is missing after this pipe"
            raise fault(text, max(0, start - 1), start, "R240", what, "delete the pipe, or write the command" if index else "")
        implied = index == 0 and _explicit(text, start, end) is None
        command = _search(text, start, end) if implied else _command(text, start, end)
        if index == 1 and not found and not isinstance(command, Search | MacroCall):
            raise fault(
                text, start, end, "R247", "a search that begins with a pipe needs a command that makes events", "begin with a search"
            )
        found.append(command)
    return Pipeline(tuple(found), text.source)


def _explicit(text: Expanded, start: int, end: int) -> re.Match[str] | None:
    """Return the word ``search`` when it begins the first command."""
    found = _NAME.match(text.text, start, end)
    return found if found is not None and found.group(1).lower() == "search" and not _is_compared(text, found.end(), end) else None


def _is_compared(text: Expanded, place: int, end: int) -> bool:
    """Say whether a comparison follows, so that the word before it is a field."""
    return re.match(r"[ \t\r\n]*(?:!=|[=<>])", text.text[place : min(end, place + 200)]) is not None


def _command(text: Expanded, start: int, end: int) -> Command:
    """Return one command that begins with its name, or a macro in its place."""
    macro = _MACRO.fullmatch(text.text, start, end)
    if macro is not None:
        name, arguments = parts_of_call(macro.group(1))
        return MacroCall(name, arguments, text.offsets(start, end))
    found = _NAME.match(text.text, start, end)
    if found is None:
        raise fault(text, start, end, "R240", "a command begins with its name")
    name = found.group(1).lower()
    if name == "search":
        return _search(text, found.end(), end)
    if name not in COMMANDS:
        raise fault(text, found.start(1), found.end(1), "R241", f"command '{found.group(1)}' is not read")
    return COMMANDS[name](text, found.end(), end)


def _search(text: Expanded, start: int, end: int) -> Search:
    """Return a ``search`` whose expression stands between two places."""
    return Search(search_expression(text, start, end), text.offsets(start, end))
