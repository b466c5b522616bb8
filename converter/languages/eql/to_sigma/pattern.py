"""Wildcards and Lucene's regular expressions, said in Sigma: parts of a text, and a pattern that is searched for."""

from __future__ import annotations

from typing import Final, assert_never

from converter.ir import Parts, Wild
from converter.languages import elasticsearch as es
from converter.languages.eql.pattern import parts_of

_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")
_IN_CLASS: Final = frozenset("\\^]-[")
_ALTERNATIVES: Final = 64
_REPEATS: Final = 8
_CONTROLS: Final = {9: "\\t", 10: "\\n", 13: "\\r"}


def sigma_parts(pattern: str, *, escapes: bool = False) -> Parts:
    """Return a pattern with ``*`` and ``?`` as Sigma's parts; ``escapes`` as in ``parts_of``."""
    found = parts_of(pattern, escapes=escapes)
    return tuple(one if isinstance(one, str) else Wild(one.value) for one in found)


def searched(expression: es.Expression) -> tuple[str, bool]:
    """Return the pattern that Sigma searches for with the flag ``s``, and whether it is cut off by an end that may be a line feed.

    Lucene's expressions describe the whole value; any text at an end needs
    no anchor there.
    """
    parts = expression.parts if isinstance(expression, es.Join) else (expression,)
    begin, end = 0, len(parts)
    open_start = open_end = False
    while begin < end and _is_anything(parts[begin]):
        begin, open_start = begin + 1, True
    while end > begin and _is_anything(parts[end - 1]):
        end, open_end = end - 1, True
    open_end = open_end or (open_start and begin == end)
    inside = parts[begin:end]
    text = "".join(map(_in_row, inside)) if len(inside) != 1 or (open_start and open_end) else _in_row(inside[0])
    return f"{'' if open_start else '^'}{text}{'' if open_end else '$'}", not open_end


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


def _is_anything(one: es.Expression) -> bool:
    return isinstance(one, es.Repeat) and one.least == 0 and one.most is None and one.body == es.Chars(es.ANY)


def _in_row(one: es.Expression) -> str:
    """Return an expression's text where others stand beside it."""
    return f"(?:{_text(one)})" if isinstance(one, es.Choice) else _text(one)


def _text(expression: es.Expression) -> str:
    match expression:
        case es.Chars(ranges):
            return _chars(ranges)
        case es.Join(parts):
            return "".join(map(_in_row, parts))
        case es.Choice(options):
            return "|".join(map(_text, options))
        case es.Repeat(body, least, most):
            inside = _text(body)
            grouped = inside if isinstance(body, es.Chars) else f"(?:{inside})"
            return f"{grouped}{_times(least, most)}"
    assert_never(expression)


def _times(least: int, most: int | None) -> str:
    match least, most:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _, None:
            return f"{{{least},}}"
        case _ if least == most:
            return f"{{{least}}}"
    return f"{{{least},{most}}}"


def _chars(ranges: es.Ranges) -> str:
    if ranges == es.ANY:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0], _SPECIAL)
    outside = es.complement(ranges)
    if len(outside) < len(ranges) or (ranges[-1][1] == es.ANY[0][1] and outside):
        return f"[^{_class(outside)}]"
    return f"[{_class(ranges)}]"


def _class(ranges: es.Ranges) -> str:
    found = ""
    for first, last in ranges:
        found += _char(first, _IN_CLASS)
        if last > first:
            found += ("-" if last > first + 1 else "") + _char(last, _IN_CLASS)
    return found


def _char(code: int, special: frozenset[str]) -> str:
    char = chr(code)
    if code in _CONTROLS:
        return _CONTROLS[code]
    if char in special:
        return f"\\{char}"
    # A form that every reader of expressions takes; beyond it the character stands for itself.
    return f"\\x{code:02x}" if code < 0x100 and not char.isprintable() else char
