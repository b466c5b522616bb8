"""What modifiers make of a text pattern: wildcards around it, its encodings, its dashes.

Each step takes a pattern and returns the patterns that stand for it, ``()``
where pySigma refuses the pattern.  Source: Sigma modifiers 2.1.  pySigma 1.5.1
encodes an escaped ``*`` with its backslash, counts characters for
``base64offset`` and writes the mark of ``utf16`` in UTF-8, so that what it
looks for stands in no event; here, as in pySigma 2.0.1, it does not.
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
DASH: Final = re.compile(r"\B[-/\u2013-\u2015]\b")
"""What ``windash`` varies: a dash of any length, or a slash, before a word.

Inside and behind words they stay, as in pySigma and hayabusa: the specification's
"all possible permutations" would turn the path ``C:/a-b`` into 25 texts that
nobody writes.
"""

SPELLED: Final = 1_000_000
"""Characters of all spellings of a value together."""

_SPELLINGS: Final = ("-", "/", "\N{EN DASH}", "\N{EM DASH}", "\N{HORIZONTAL BAR}")
_PLACEHOLDER: Final = re.compile("%([^%]+)%")
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


def with_plain_dashes(text: str) -> str:
    """Return a text whose long dashes before words are ``-``: pySigma varies only that one and the slash."""
    return text if text.isascii() else DASH.sub(lambda found: found.group() if found.group() == "/" else "-", text)


def varies_too_much(value: str, times: int = 1) -> bool:
    """Whether ``windash``, written so many times, makes more of a text than a rule may become: spellings, or their characters."""
    dashes = times * len(DASH.findall(value))
    return dashes > DASHES or len(_SPELLINGS) ** dashes * len(value) > SPELLED


def literal(parts: Parts) -> str | None:
    """Return the text of a pattern, ``None`` if it has wildcards."""
    return None if any(isinstance(part, Wild) for part in parts) else "".join(str(part) for part in parts)


def base64(parts: Parts, mark: bytes = b"") -> tuple[Parts, ...]:
    """Return the encoding of the text, behind ``mark``; a wildcard has none."""
    text = literal(parts)
    return () if text is None else (_parts(b64encode(mark + text.encode()).decode()),)


def base64offset(parts: Parts, mark: bytes = b"") -> tuple[Parts, ...]:
    """Return what is common to all encodings of texts that hold this one, for each of the three places where it can begin.

    Three bytes are four characters, so the first and last characters depend
    on what stands around: which, the length in bytes says (RFC 4648, section 4).
    """
    text = literal(parts)
    if text is None:
        return ()
    data = mark + text.encode()
    found = []
    for shift, first in enumerate((0, 2, 3)):
        last = (None, -3, -2)[(len(data) + shift) % 3]
        found.append(_parts(b64encode(shift * b" " + data)[first:last].decode()))
    return tuple(found)


def wide(parts: Parts) -> tuple[Parts, ...]:
    """Write each character as two bytes, the lower one first; only what is ASCII then is read as text again."""
    return _recoded(parts, "utf-16le")


def utf16be(parts: Parts) -> tuple[Parts, ...]:
    """Write each character as two bytes, the higher one first."""
    return _recoded(parts, "utf-16be")


def expand(parts: Parts) -> tuple[Parts, ...]:
    """Return the text itself: one with placeholders was refused before."""
    return (parts,)


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


def _parts(text: str) -> Parts:
    return (text,) if text else ()
