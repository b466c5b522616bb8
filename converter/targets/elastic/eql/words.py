r"""EQL's tokens: texts and names that nothing in them can break out of, and lists over several lines.

A text stands in double quotes with escapes; a regular expression with
backslashes in three quotes, where a backslash is itself.  A name with other
characters than letters, digits, ``_`` and ``@``, or with a word of the
language among its parts, stands in backquotes as a whole.

Source: Elasticsearch, EQL syntax reference, "Strings", "Escape a field name"; elastic/elasticsearch EqlBase.g4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_WORDS: Final = frozenset(
    "and any by false in join like maxspan not null of or regex sample sequence true until where with".split()  # noqa: SIM905 - a list of words
)
"""Words of the language that name nothing unless they are quoted."""
_PLAIN: Final = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*(?:\.[A-Za-z_@][A-Za-z0-9_]*)*")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
WIDTH: Final = 100
"""Characters of a line beyond which lists and groups are divided."""


def name(path: str, *, optional: bool = False) -> str:
    """Return a field's name; ``optional`` marks one that the index need not have."""
    plain = _PLAIN.fullmatch(path) is not None and not _WORDS.intersection(path.split("."))
    quoted = path if plain else f"`{path.replace('`', '``')}`"
    return f"?{quoted}" if optional else quoted


def text(value: str) -> str:
    """Return a text in double quotes; what cannot be printed becomes the number of its character."""
    return f'"{"".join(map(_escaped, value))}"'


def raw(value: str) -> str:
    """Return a text in three quotes where that is shorter and says the same, else in double quotes."""
    return f'"""{value}"""' if "\\" in value and '"' not in value and value.isprintable() else text(value)


def listed(values: Sequence[str]) -> str:
    """Return several values in brackets, a long list over lines of its own."""
    line = f"({', '.join(values)})"
    if len(line) <= WIDTH:
        return line
    lines = [values[0]]
    for value in values[1:]:
        if len(lines[-1]) + len(value) + 2 > WIDTH:
            lines.append(value)
        else:
            lines[-1] += f", {value}"
    return _block(f"{one}," if at < len(lines) - 1 else one for at, one in enumerate(lines))


def joined(word: str, parts: Sequence[str]) -> str:
    """Return conditions in brackets, joined by a word; what is long has a line for each."""
    line = f"({f' {word} '.join(parts)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return _block(f"{word} {one}" if at else one for at, one in enumerate(parts))


def indented(text: str, spaces: int) -> str:
    """Return a condition with all lines but the first further in; texts hold no line ends as they are."""
    return text.replace("\n", "\n" + " " * spaces)


def _block(lines: Iterable[str]) -> str:
    inside = "".join(f"\n  {indented(one, 2)}" for one in lines)
    return f"({inside}\n)"


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    # Half a character has no number in EQL and no bytes in a file; writing the file refuses it.
    return char if char.isprintable() or "\ud800" <= char <= "\udfff" else f"\\u{{{ord(char):04x}}}"
