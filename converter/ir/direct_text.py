"""What modifiers make of a text pattern: wildcards around it, its encodings, its dashes.

Each step takes a pattern and returns the patterns that stand for it, ``()``
where pySigma refuses the pattern.  Sources: Sigma modifiers 2.1; pySigma
1.5.1 for what the text leaves open (an escaped ``*`` is encoded with its
backslash; a shift counts characters, not bytes).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Final, TypeAlias

from converter.ir.nodes import Parts, Wild, parts_of

Step: TypeAlias = Callable[[Parts], tuple[Parts, ...]]

DASHES: Final = 5
"""Dashes of a value under ``windash``; each multiplies the value's spellings by five."""
DASH: Final = re.compile(r"\B[-/]\b")
"""A dash or slash before a word: what ``windash`` varies."""

_SPELLINGS: Final = ("-", "/", "\N{EN DASH}", "\N{EM DASH}", "\N{HORIZONTAL BAR}")
_PLACEHOLDER: Final = re.compile(r"(?<!\\)%([^%]+)%")
_MANY: Final = (Wild.MANY,)


def startswith(parts: Parts) -> tuple[Parts, ...]:
    """Let anything follow."""
    return (parts if parts[-1:] == _MANY else parts + _MANY,)


def endswith(parts: Parts) -> tuple[Parts, ...]:
    """Let anything precede."""
    return (parts if parts[:1] == _MANY else _MANY + parts,)


def contains(parts: Parts) -> tuple[Parts, ...]:
    """Let anything precede and follow; of an empty text one wildcard is left."""
    return startswith(*endswith(parts))


def windash(parts: Parts) -> tuple[Parts, ...]:
    """Write each dash before a word in five ways."""
    found: list[Parts] = [()]
    for part in parts:
        if isinstance(part, Wild):
            found = [(*one, part) for one in found]
            continue
        first, *rest = DASH.split(part)
        texts = [first]
        for word in rest:
            texts = [text + dash + word for text in texts for dash in _SPELLINGS]
        found = [(*one, text) for one in found for text in texts]
    return tuple(found)


def plain(parts: Parts) -> str | None:
    """Return a pattern without wildcards as pySigma writes it back: ``*`` and ``?`` have a backslash, a backslash has none."""
    text = "".join(part for part in parts if isinstance(part, str))
    return text.replace("*", r"\*").replace("?", r"\?") if not any(isinstance(part, Wild) for part in parts) else None


def base64(parts: Parts) -> tuple[Parts, ...]:
    """Return the text's encoding; a wildcard has none."""
    text = plain(parts)
    return () if text is None else (_literal(b64encode(text.encode()).decode()),)


def base64offset(parts: Parts) -> tuple[Parts, ...]:
    """Return what is common to all encodings of texts that hold this one, for each of the three places where it can begin."""
    text = plain(parts)
    if text is None:
        return ()
    length = sum(map(len, (part for part in parts if isinstance(part, str))))
    found = []
    for shift, first in enumerate((0, 2, 3)):
        last = (None, -3, -2)[(length + shift) % 3]
        found.append(_literal(b64encode(shift * b" " + text.encode())[first:last].decode()))
    return tuple(found)


def wide(parts: Parts) -> tuple[Parts, ...]:
    """Write each character as two bytes, the lower one first; only what is ASCII then is read as text again."""
    return _recoded(parts, "utf-16le")


def utf16be(parts: Parts) -> tuple[Parts, ...]:
    """Write each character as two bytes, the higher one first."""
    return _recoded(parts, "utf-16be")


def utf16(parts: Parts) -> tuple[Parts, ...]:
    """Write each character as two bytes behind a byte order mark."""
    found = _recoded(parts, "utf-16le")
    if not found:
        return ()
    rest = found[0]
    return (("\ufeff" + rest[0], *rest[1:]) if rest and isinstance(rest[0], str) else ("\ufeff", *rest),)


def expand(parts: Parts) -> tuple[Parts, ...]:
    r"""Read ``\%`` as a percent sign, in a text without placeholders."""
    return (tuple(part if isinstance(part, Wild) else part.replace(r"\%", "%") for part in parts),)


def placeholder(text: str) -> str:
    """Return the name of the first placeholder of a Sigma string, ``""`` when it has none."""
    if "%" not in text:
        return ""
    found = (_PLACEHOLDER.search(part) for part in parts_of(text) if isinstance(part, str))
    return next((one[1] for one in found if one), "")


def _recoded(parts: Parts, codec: str) -> tuple[Parts, ...]:
    try:
        return (tuple(part if isinstance(part, Wild) else part.encode(codec).decode() for part in parts),)
    except UnicodeError:
        return ()


def _literal(text: str) -> Parts:
    return (text,) if text else ()
