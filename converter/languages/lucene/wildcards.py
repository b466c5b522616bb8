"""What Lucene's regular expressions say that a wildcard pattern says as well, and of letters.

An expression of literal texts and dots is such a pattern, which says more to people and to engines.
"""

from __future__ import annotations

from typing import assert_never

from converter.languages.elasticsearch import ANY, Chars, Choice, Expression, Join, Repeat, Wild, in_row


def wildcards(expression: Expression) -> tuple[str | Wild, ...] | None:
    """Return the expression as texts and wildcards; ``None`` where it says more than those can."""
    found: list[str | Wild] = []
    for part in in_row(expression):
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
