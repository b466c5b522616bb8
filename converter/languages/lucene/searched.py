r"""Lucene's regular expressions as a pattern that is searched for: ``^`` and ``$`` where any text may not stand.

An expression of literal texts and dots is a wildcard pattern, which says more to people and to engines.
"""

from __future__ import annotations

from typing import Final, assert_never

from converter.languages.elasticsearch import ANY, Chars, Choice, Expression, Join, Repeat, Wild, complement

_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")
_IN_CLASS: Final = frozenset("\\^]-[")
_CONTROLS: Final = {9: "\\t", 10: "\\n", 13: "\\r"}


def wildcards(expression: Expression) -> tuple[str | Wild, ...] | None:
    """Return the expression as texts and wildcards; ``None`` where it says more than those can."""
    found: list[str | Wild] = []
    for part in _row(expression):
        match part:
            case Chars(ranges) if ranges == ANY:
                found.append(Wild.ONE)
            case Chars(ranges) if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
                char = chr(ranges[0][0])
                last = found[-1] if found else None
                found = [*found[:-1], last + char] if isinstance(last, str) else [*found, char]
            case Repeat(Chars(ranges), 0, None) if ranges == ANY:
                found += [] if found and found[-1] is Wild.MANY else [Wild.MANY]
            case _:
                return None
    return tuple(found)


def searched(expression: Expression) -> tuple[str, bool]:
    """Return the pattern for the flag ``s``, and whether its end may be one before a last line feed too."""
    parts = _row(expression)
    begin, end = 0, len(parts)
    while begin < end and _is_anything(parts[begin]):
        begin += 1
    while end > begin and _is_anything(parts[end - 1]):
        end -= 1
    starts, ends = begin == 0, end == len(parts)
    inside = "".join(map(_in_row, parts[begin:end]))
    return f"{'^' * starts}{inside}{'$' * ends}", ends


def letters(expression: Expression) -> bool:
    """Say whether the expression names a letter outside of ASCII that has two cases."""
    match expression:
        case Join(parts):
            return any(map(letters, parts))
        case Choice(options):
            return any(map(letters, options))
        case Repeat(body):
            return letters(body)
        case Chars(ranges):
            return len(ranges) == 1 and ranges[0][0] == ranges[0][1] > 0x7F and chr(ranges[0][0]).lower() != chr(ranges[0][0]).upper()
    assert_never(expression)


def _row(expression: Expression) -> tuple[Expression, ...]:
    """Return what stands side by side, groups that only join taken apart."""
    if not isinstance(expression, Join):
        return (expression,)
    return tuple(one for part in expression.parts for one in _row(part))


def _is_anything(one: Expression) -> bool:
    return isinstance(one, Repeat) and one.least == 0 and one.most is None and isinstance(one.body, Chars) and one.body.ranges == ANY


def _in_row(one: Expression) -> str:
    """Return an expression's text where others stand beside it."""
    return f"(?:{_text(one)})" if isinstance(one, Choice) else _text(one)


def _text(expression: Expression) -> str:
    match expression:
        case Chars(ranges):
            return _chars(ranges)
        case Join(parts):
            return "".join(map(_in_row, parts))
        case Choice(options):
            return "|".join(map(_text, options))
        case Repeat(body, least, most):
            inside = _text(body)
            return f"{inside if isinstance(body, Chars) else f'(?:{inside})'}{_times(least, most)}"
    assert_never(expression)


def _times(least: int, most: int | None) -> str:
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in signs:
        return signs[least, most]
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _chars(ranges: tuple[tuple[int, int], ...]) -> str:
    if ranges == ANY:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0], _SPECIAL)
    outside = complement(ranges)
    if outside and ranges[-1][1] == ANY[0][1]:
        return f"[^{_class(outside)}]"
    return f"[{_class(ranges)}]"


def _class(ranges: tuple[tuple[int, int], ...]) -> str:
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
