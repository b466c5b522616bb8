"""Lucene's regular expressions as a pattern that is searched for: ``^`` and ``$`` where any text may not stand.

An expression describes the whole value, for every language of the engine.
"""

from __future__ import annotations

from typing import Final, assert_never

from converter.languages.elasticsearch.regexp import ANY, Chars, Choice, Expression, Join, Ranges, Repeat, complement

_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")
_IN_CLASS: Final = frozenset("\\^]-[")
_CONTROLS: Final = {9: "\\t", 10: "\\n", 13: "\\r"}


def searched(expression: Expression) -> tuple[str, bool]:
    """Return the pattern that is searched for with the flag ``s``, and whether its end may be one before a last line feed too.

    Any text at an end needs no anchor there.
    """
    parts = in_row(expression)
    begin, end = 0, len(parts)
    while begin < end and _is_anything(parts[begin]):
        begin += 1
    while end > begin and _is_anything(parts[end - 1]):
        end -= 1
    starts = begin == 0
    ends = end == len(parts) and (starts or begin < end)
    inside = "".join(map(_grouped, parts[begin:end]))
    return f"{'^' * starts}{inside}{'$' * ends}", ends


def in_row(expression: Expression) -> tuple[Expression, ...]:
    """Return what stands side by side, groups that only join taken apart."""
    if not isinstance(expression, Join):
        return (expression,)
    return tuple(one for part in expression.parts for one in in_row(part))


def _is_anything(one: Expression) -> bool:
    """Say whether an expression describes every text."""
    return isinstance(one, Repeat) and one.least == 0 and one.most is None and one.body == Chars(ANY)


def _grouped(one: Expression) -> str:
    """Return an expression's text where others stand beside it."""
    return f"(?:{_text(one)})" if isinstance(one, Choice) else _text(one)


def _text(expression: Expression) -> str:
    match expression:
        case Chars(ranges):
            return _chars(ranges)
        case Join(parts):
            return "".join(map(_grouped, parts))
        case Choice(options):
            return "|".join(map(_text, options))
        case Repeat(body, least, most):
            inside = _text(body)
            grouped = inside if isinstance(body, Chars) else f"(?:{inside})"
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


def _chars(ranges: Ranges) -> str:
    if ranges == ANY:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0], _SPECIAL)
    outside = complement(ranges)
    if len(outside) < len(ranges) or (ranges[-1][1] == ANY[0][1] and outside):
        return f"[^{_class(outside)}]"
    return f"[{_class(ranges)}]"


def _class(ranges: Ranges) -> str:
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
