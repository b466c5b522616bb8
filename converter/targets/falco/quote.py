r"""How a text stands in a condition.

Falco's lexer takes a quote after a backslash for an escaped one, whatever
stands before it, so a value that ends in a backslash cannot be quoted; it can
be a bare word where it has no character that ends one.

Source: libs 48dfd53c userspace/libsinsp/filter/parser.cpp:720-740, filter/escaping.cpp:88-160; measured.
"""

from __future__ import annotations

import re
from typing import Final

from converter.targets.falco.facts import facts

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BARE: Final = re.compile("""[^()"'\\s=,\\x00-\\x20\\x7f]+""")


class UnquotableError(ValueError):
    """Raised for a text that no condition can hold; ``code`` and ``help`` go into the diagnostic."""

    def __init__(self, code: str, message: str, help_text: str) -> None:
        super().__init__(message)
        self.code, self.help = code, help_text


def quoted(text: str) -> str:
    """Return the text between quotes, or bare where it ends in a backslash."""
    _bounded(text)
    if text.endswith("\\"):
        return _bare(text)
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def _bare(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    message = "Falco cannot read a value that ends in a backslash and holds a blank, quote, comma, equals sign or parenthesis"
    raise UnquotableError("T305", message, "ask for the value without its last character, with |startswith or |contains")


def _bounded(text: str) -> None:
    limit = facts()["limits"]["value_bytes"]["value"]
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise UnquotableError("T304", "the value holds half a character", "remove it") from None
    if "\0" in text:
        raise UnquotableError("T304", "Falco refuses a value with a NUL character", "remove it")
    if size > limit:
        raise UnquotableError("T303", f"the value has {size} bytes, Falco reads {limit}", "ask for a part of it with |contains")
