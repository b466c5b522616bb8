"""Macros: calls in backticks replaced by their text, with every character's place kept.

Splunk replaces the text before it parses, so a macro may hold half an
expression or several commands.  Nothing outside the definitions given is
looked up; expansion is bounded in depth and size.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from typing import Final

from converter.languages.spl.problem import SIZE, problem
from converter.model import Source, node, pack

NESTED: Final = 20
"""Macros inside macros."""
CALLS: Final = 500
"""Macro calls of a search, those inside definitions included."""


@node
class Macro:
    """A definition of macros.conf; ``$name$`` of each argument is replaced in it."""

    definition: str
    arguments: tuple[str, ...] = ()


@node
class Expanded:
    """A text after expansion, and how to find its places in the text that was written."""

    source: Source
    text: str
    starts: tuple[int, ...]
    places: tuple[tuple[int, int, bool], ...]

    def offsets(self, start: int, end: int) -> int:
        """Return the packed offsets, in the written text, of a stretch of the expanded text."""
        return pack(self._place(start)[0], max(self._place(start)[0], self._place(max(start, end - 1))[1]))

    def _place(self, index: int) -> tuple[int, int]:
        """Return the start and end of the character at ``index``: itself, or the call that it came from."""
        part = bisect.bisect_right(self.starts, index) - 1
        start, end, moves = self.places[part]
        if moves:
            start = min(start + index - self.starts[part], end)
            return start, min(start + 1, end)
        return start, end


_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|```.*?```|`[^`]*`|[^"`]+|.', re.DOTALL)
_ARGUMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^",]+|,|"')


def expand(source: Source, macros: Mapping[str, Macro] | None) -> Expanded:
    """Return ``source`` with its macros replaced, or with the calls kept when ``macros`` is None.

    Comments between triple backticks become a blank.  A backtick inside
    double quotes is refused: whether Splunk reads it as a macro is not known.
    """
    if len(source.text) > SIZE:
        raise problem(source, 0, "R244", f"the search has {len(source.text)} characters, more than {SIZE}", "split the search")
    texts: list[str] = []
    starts: list[int] = []
    places: list[tuple[int, int, bool]] = []
    length = 0
    calls = _Calls(source, macros)
    for found in _PIECE.finditer(source.text):
        start, end = found.span()
        piece, moves = calls.piece(found.group(), pack(start, end), ())
        texts.append(piece)
        starts.append(length)
        places.append((start, end, moves))
        length += len(piece)
        if length > SIZE:
            raise problem(source, pack(start, end), "R244", f"the search is longer than {SIZE} characters after its macros are expanded")
    starts.append(length)
    places.append((len(source.text), len(source.text), False))
    return Expanded(source, "".join(texts), tuple(starts), tuple(places))


class _Calls:
    """The expansion of one search, which counts its calls: macros that call two macros each grow without bound."""

    def __init__(self, source: Source, macros: Mapping[str, Macro] | None) -> None:
        self.source, self.macros, self.left = source, macros, CALLS

    def piece(self, piece: str, offsets: int, above: tuple[str, ...]) -> tuple[str, bool]:
        """Return the text that stands for one piece, and whether its characters keep their places."""
        if piece.startswith("```") and len(piece) > 3:
            return " ", False
        if piece.startswith("`"):
            if len(piece) < 3:
                raise problem(self.source, offsets, "R240", "a backtick opens a macro that is not closed or has no name", "write `name`")
            return (piece, True) if self.macros is None else (self._replace(piece[1:-1], offsets, self.macros, above), False)
        if piece == '"':
            raise problem(self.source, offsets, "R240", "the string that begins here is not closed", 'close it with "')
        if piece.startswith('"') and "`" in piece:
            message = "a backtick inside quotes may be read as a macro"
            raise problem(self.source, offsets, "R246", message, r"write \x60 in a regular expression")
        return piece, True

    def _replace(self, call: str, offsets: int, macros: Mapping[str, Macro], above: tuple[str, ...]) -> str:
        """Return the text of one call, with the macros in it replaced too."""
        name, values = parts_of_call(call)
        key = f"{name}({len(values)})" if values else name
        macro = macros.get(key)
        if macro is None:
            raise problem(self.source, offsets, "R243", f"macro '{key}' is not defined", "define it in macros.conf")
        if len(macro.arguments) != len(values):
            message = f"macro '{key}' has {len(macro.arguments)} argument names for {len(values)} values"
            raise problem(self.source, offsets, "R243", message)
        self.left -= 1
        if key in above or len(above) >= NESTED or self.left < 0:
            message = f"macro '{key}' calls itself, or there are more than {CALLS} macro calls, or {NESTED} nested ones"
            raise problem(self.source, offsets, "R244", message)
        text = macro.definition
        if values:
            given = dict(zip(macro.arguments, values, strict=True))
            text = re.sub(r"\$(\w+)\$", lambda found: given.get(found.group(1), found.group()), text)
        if len(text) > SIZE:
            raise problem(self.source, offsets, "R244", f"macro '{key}' is longer than {SIZE} characters")
        expanded = "".join(self.piece(found.group(), offsets, (*above, key))[0] for found in _PIECE.finditer(text))
        if len(expanded) > SIZE:
            raise problem(self.source, offsets, "R244", f"macro '{key}' is longer than {SIZE} characters")
        return expanded


def parts_of_call(call: str) -> tuple[str, tuple[str, ...]]:
    """Return name and arguments of the text between two backticks; quotes around an argument are taken off."""
    name, opened, rest = call.strip().partition("(")
    if not opened or not rest.endswith(")"):
        return call.strip(), ()
    values = [""]
    for found in _ARGUMENT.finditer(rest[:-1]):
        if found.group() == ",":
            values.append("")
        else:
            values[-1] += found.group()
    return name.strip(), tuple(_bare(value.strip()) for value in values)


def _bare(value: str) -> str:
    """Return an argument without the quotes around it."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
