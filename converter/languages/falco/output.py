"""Read a rule's output text: literal text and the fields in it.

``%field``, ``%field[argument]``, ``%tolower(field)`` and ``%20field`` (a
width).  A literal percent sign cannot be written.

Source: libs 48dfd53c userspace/libsinsp/eventformatter.cpp; measured with
rules engine 0.63.0.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from converter.languages.falco.problem import ReadError, problem
from converter.languages.falco.read_check import CheckReader
from converter.languages.falco.syntax import NEWEST, Operand
from converter.model import Diagnostic, Source, pack

Output: TypeAlias = tuple[str | Operand, ...]
"""Literal texts and fields in turn."""

_WIDTH: Final = re.compile("%[0-9]*")


def read_output(text: str, path: str = "<output>", *, profile: str = NEWEST) -> Output | Diagnostic:
    """Return the pieces of an output text, or why the engine refuses it (R220, R221, R224, R229)."""
    source = Source(path, text)
    reader = CheckReader(source, profile)
    pieces: list[str | Operand] = []
    done = 0
    try:
        while found := _WIDTH.search(text, done):
            if found.start() > done:
                pieces.append(text[done : found.start()])
            reader.at = found.end()
            operand = reader.operand(1)
            if operand is None:
                message = "a percent sign without a field after it"
                raise problem(source, pack(*found.span()), "R229", message, "a literal percent sign cannot be written; spell it out")
            pieces.append(operand)
            done = reader.at
    except ReadError as error:
        return error.diagnostic
    if done < len(text):
        pieces.append(text[done:])
    return tuple(pieces)
