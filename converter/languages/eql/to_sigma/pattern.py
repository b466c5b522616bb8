"""Wildcards, and Lucene's regular expressions that say no more than they do, as parts of a text in Sigma."""

from __future__ import annotations

from typing import Final, assert_never

from converter.ir import Parts, Wild
from converter.languages import elasticsearch as es
from converter.languages.eql.pattern import parts_of

_ALTERNATIVES: Final = 64
_REPEATS: Final = 8


def sigma_parts(pattern: str, *, escapes: bool = False) -> Parts:
    """Return a pattern with ``*`` and ``?`` as Sigma's parts; ``escapes`` as in ``parts_of``."""
    found = parts_of(pattern, escapes=escapes)
    return tuple(one if isinstance(one, str) else Wild(one.value) for one in found)


def texts_of(expression: es.Expression) -> tuple[Parts, ...]:
    """Return the texts with wildcards, at most 64, that say the same as an expression; none when there are no such.

    ``.*\\.(vbs|js)`` is ``*.vbs`` or ``*.js``: exact, and what a person would write.
    """
    try:
        found = _texts(expression)
    except _TooManyError:
        return ()
    return tuple(dict.fromkeys(map(_merged, found)))


class _TooManyError(Exception):
    """The expression has a class, or more alternatives than a list should hold."""


def _texts(expression: es.Expression) -> list[Parts]:
    match expression:
        case es.Chars(ranges):
            if ranges == es.ANY:
                return [(Wild.ONE,)]
            if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
                return [(chr(ranges[0][0]),)]
            raise _TooManyError
        case es.Join(parts):
            return _row([_texts(one) for one in parts])
        case es.Choice(options):
            return _few([text for one in options for text in _texts(one)])
        case es.Repeat(body, least, most):
            if least > _REPEATS or (most is None and body != es.Chars(es.ANY)) or (most is not None and most > _REPEATS):
                raise _TooManyError
            inside = _texts(body)
            if most is None:
                return [(*[Wild.ONE] * least, Wild.MANY)]
            return _few([text for count in range(least, most + 1) for text in _row([inside] * count)])
    assert_never(expression)


def _row(parts: list[list[Parts]]) -> list[Parts]:
    """Return each way to take one of each, one after the other."""
    found: list[Parts] = [()]
    for options in parts:
        found = _few([(*begin, *end) for begin in found for end in options])
    return found


def _few(texts: list[Parts]) -> list[Parts]:
    if len(texts) > _ALTERNATIVES:
        raise _TooManyError
    return texts


def _merged(parts: Parts) -> Parts:
    """Return literals that stand side by side as one, and one star for several."""
    found: list[str | Wild] = []
    for one in parts:
        if isinstance(one, str) and found and isinstance(last := found[-1], str):
            found[-1] = last + one
        elif not (one is Wild.MANY and found and found[-1] is Wild.MANY):
            found.append(one)
    return tuple(found)
