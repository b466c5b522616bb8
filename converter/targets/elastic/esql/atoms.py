r"""ES|QL: print one test on one field.

A text without regard to case is compared through ``TO_LOWER``, which folds
all letters as the oracle does but for three (İ, Σ, the Kelvin sign): a text
with one of those becomes an expression that spells its letters out.  A field
of several values is null in every comparison, so it is asked by ``MV_CONTAINS``,
by its smallest and largest value, or as one text of its values, a line feed
between them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, assert_never

from converter.data import Binding
from converter.ir import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Null,
    Number,
    Parts,
    Regex,
    Shape,
    Text,
    TimePart,
    Wild,
    feature_of_test,
    fold,
    scalar_text,
)
from converter.model import node
from converter.targets.contract import ResolvedRule
from converter.targets.elastic import lucene
from converter.targets.elastic.esql.losses import TEXTS
from converter.targets.elastic.esql.refusal import WHO, no
from converter.targets.elastic.esql.words import BREAK, name, pattern, text
from converter.targets.elastic.expressions import check_length, described, states, written
from converter.targets.elastic.index import IGNORE_ABOVE, is_too_long


class Rank(IntEnum):
    """How tightly an expression holds together."""

    ATOM = 0
    NOT = 1
    AND = 2
    OR = 3


@node
class Said:
    """An expression: the columns without which it is null, and whether each of its tests is null without its column (``pure``)."""

    text: str
    columns: tuple[str, ...]
    rank: Rank = Rank.ATOM
    pure: bool = True


WIDTH: Final = 110
"""Characters of operands that stand on one line."""
FEED: Final = "\n"
"""What stands between the values of a field that is asked as one text."""
_OPERATORS: Final = {"eq": "==", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_FIELDS: Final = {
    "minute": "minute_of_hour",
    "hour": "hour_of_day",
    "day": "day_of_month",
    "month": "month_of_year",
    "year": "year",
}
"""Parts of a date as ``DATE_EXTRACT`` names them (Java's ChronoField; it has no week of ISO 8601)."""
_SIGMA: Final = frozenset("σςΣ")


def atom(tree: FieldMatch, resolved: ResolvedRule) -> Said:
    """Return a test.

    Raises:
        Inexpressible: if ES|QL cannot say it.
    """
    binding = resolved.fields[tree.field]
    column = name(binding.path)
    match tree.test:
        case Text():
            return _text(tree, tree.test, binding, resolved)
        case Number(value):
            if binding.type in TEXTS:
                return _equals(binding, column, text(scalar_text(value)))
            number = scalar_text(value)
            return _equals(binding, column, f"TO_LONG({number})" if binding.many else number)
        case Boolean(value):
            said = scalar_text(value)
            return _equals(binding, column, text(said) if binding.type in TEXTS else said)
        case Null():
            return Said(f"{column} IS NULL", (), pure=False)
        case Exists(present):
            return Said(f"{column} IS {'NOT ' if present else ''}NULL", (), pure=False)
        case Compare(operator, value):
            end = "MV_MIN" if operator in ("lt", "lte") else "MV_MAX"
            return Said(f"{f'{end}({column})' if binding.many else column} {_OPERATORS[operator]} {scalar_text(value)}", (column,))
        case Cidr(network):
            address = name(binding.ip or binding.path)
            return Said(f"CIDR_MATCH({address}, {text(network)})", (address,))
        case Regex():
            return Said(f"{column} RLIKE {text(_expression(tree, tree.test, resolved))}", (column,))
        case FieldRef():
            return _related(tree.test, binding, resolved.fields[tree.test.field])
        case TimePart(unit, operator, wanted):
            if unit not in _FIELDS:
                raise no(tree, f"'{feature_of_test(tree.test)}' for the {unit}", "ask for the day or the month", resolved)
            return Said(f'DATE_EXTRACT("{_FIELDS[unit]}", {column}) {_OPERATORS[operator]} {wanted}', (column,))
    assert_never(tree.test)


def _equals(binding: Binding, column: str, value: str) -> Said:
    if binding.many:
        return Said(f"MV_CONTAINS({column}, {value})", (), pure=False)
    return Said(f"{column} == {value}", (column,))


def compared(tree: FieldMatch, resolved: ResolvedRule) -> tuple[str, str] | None:
    """Return the column, or its lower case, and the whole value that it is compared with; ``None`` for a test of another kind."""
    test, binding = tree.test, resolved.fields[tree.field]
    if binding.many:
        return None
    if isinstance(test, Number):
        return name(binding.path), text(scalar_text(test.value)) if binding.type in TEXTS else scalar_text(test.value)
    if not isinstance(test, Text) or test.shape is not Shape.EQUALS or binding.type not in TEXTS or _is_spelled_out(test, binding):
        return None
    return _column(test, binding), _whole(tree, test, resolved)


def among(group: list[FieldMatch], resolved: ResolvedRule) -> Said:
    """Return tests that compare one column with whole values as one."""
    found = [one for tree in group if (one := compared(tree, resolved)) is not None]
    values = _listed(list(dict.fromkeys(value for _, value in found)))
    return Said(f"{found[0][0]} IN ({values})", (name(resolved.fields[group[0].field].path),))


def _listed(values: list[str]) -> str:
    """Return values with commas between them, many on several lines."""
    if sum(len(one) + 2 for one in values) <= WIDTH:
        return ", ".join(values)
    lines = [values[0]]
    for one in values[1:]:
        if len(lines[-1]) + len(one) + 2 > WIDTH:
            lines.append(one)
        else:
            lines[-1] += f", {one}"
    return f"{BREAK}  {f',{BREAK}  '.join(lines)}{BREAK}"


def indented(text: str) -> str:
    """Return a text whose further lines stand farther in."""
    return text.replace(BREAK, f"{BREAK}  ")


def _whole(tree: FieldMatch, test: Text, resolved: ResolvedRule) -> str:
    _check_length(tree, test, resolved)
    return text("".join(str(one) for one in _spelled(test, resolved.fields[tree.field])))


def _text(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> Said:
    column = name(binding.path)
    if test.shape is Shape.PRESENT or (test.parts and all(part is Wild.MANY for part in test.parts)):
        return Said(f"{column} IS NOT NULL", (), pure=False)
    _check_length(tree, test, resolved)
    if binding.type not in TEXTS:
        return _equals(binding, column, text(test.literal))
    if _is_spelled_out(test, binding):
        if binding.many:
            raise no(tree, "a letter with several lower cases in a field of several values", "add |cased", resolved)
        expression = lucene.of_text(test.parts).text
        check_length(tree, len(expression), resolved, WHO)
        return Said(f"{column} RLIKE {text(expression)}", (column,))
    if binding.many:
        return _among_several(tree, test, binding, resolved)
    if test.shape is Shape.EQUALS:
        return Said(f"{_column(test, binding)} == {_whole(tree, test, resolved)}", (column,))
    return Said(f"{_column(test, binding)} LIKE {text(pattern(_spelled(test, binding)))}", (column,))


def _among_several(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> Said:
    """Return a text that one of a field's values is: by itself, or as a part of all of them in one text."""
    column = name(binding.path)
    if test.shape is Shape.EQUALS:
        return Said(f"MV_CONTAINS({_column(test, binding)}, {_whole(tree, test, resolved)})", (), pure=False)
    parts = _spelled(test, binding)
    if any(isinstance(part, str) and FEED in part for part in parts):
        raise no(tree, "a line feed in a value of a field of several values", "ask for what stands before or behind it", resolved)
    joined = f'MV_CONCAT({column}, "\\n")'
    joined = f"TO_LOWER({joined})" if _is_folded(test, binding) else joined
    if test.shape is Shape.CONTAINS:
        return Said(f"{joined} LIKE {text(pattern(parts))}", (column,))
    around: Parts = (
        *((Wild.MANY, FEED) if parts[0] is not Wild.MANY else ()),
        *parts,
        *((FEED, Wild.MANY) if parts[-1] is not Wild.MANY else ()),
    )
    return Said(f'CONCAT("\\n", {joined}, "\\n") LIKE {text(pattern(around))}', (column,))


def _check_length(tree: FieldMatch, test: Text, resolved: ResolvedRule) -> None:
    if is_too_long(test):
        raise no(tree, f"a value of more than {IGNORE_ABOVE} characters, which the index does not keep", "shorten it", resolved)


def _is_folded(test: Text, binding: Binding) -> bool:
    """Say whether a column is asked in lower case: it may hold other spellings."""
    return not test.cased and not binding.field.one_spelling and test.has_case


def _is_spelled_out(test: Text, binding: Binding) -> bool:
    """Say whether a text has a letter that ``TO_LOWER`` does not fold as the oracle does."""
    beyond = [part for part in test.parts if isinstance(part, str) and not part.isascii()]
    if not beyond or not _is_folded(test, binding) or binding.type not in TEXTS:
        return False
    return any(fold(char) != char.lower() or char in _SIGMA for part in beyond for char in part)


def _column(test: Text, binding: Binding) -> str:
    column = name(binding.path)
    return f"TO_LOWER({column})" if _is_folded(test, binding) else column


def _spelled(test: Text, binding: Binding) -> Parts:
    """Return the parts of a text as the column, or its lower case, holds them."""
    if _is_folded(test, binding):
        return tuple(fold(part) if isinstance(part, str) else part for part in test.parts)
    if test.cased or not binding.field.one_spelling:
        return test.parts
    if not binding.field.values:
        return tuple(fold(part) if isinstance(part, str) else part for part in test.parts)
    return tuple(binding.spelling(part) if isinstance(part, str) else part for part in test.parts)


def _expression(tree: FieldMatch, test: Regex, resolved: ResolvedRule) -> str:
    """Return Lucene's expression for all values in which a pattern is found; ``RLIKE`` has no flag, so each letter is spelled out."""
    searched = described(tree, test, resolved, WHO)
    expression = written(tree, searched, lucene.spelled_out, resolved, WHO)
    check_length(tree, len(expression), resolved, WHO)
    states(tree, searched, resolved, WHO)
    return expression


def _related(test: FieldRef, one: Binding, other: Binding) -> Said:
    """Return a comparison of two columns without regard to case."""
    left, right = (_as_text(binding) for binding in (one, other))
    columns = tuple(dict.fromkeys((name(one.path), name(other.path))))
    match test.shape:
        case Shape.STARTSWITH:
            return Said(f"STARTS_WITH({left}, {right})", columns)
        case Shape.ENDSWITH:
            return Said(f"ENDS_WITH({left}, {right})", columns)
        case Shape.CONTAINS:
            return Said(f"LOCATE({left}, {right}) > 0", columns)
        case _:
            return Said(f"{left} == {right}", columns)


def _as_text(binding: Binding) -> str:
    column = name(binding.path)
    return f"TO_LOWER({column})" if binding.type in TEXTS else f"TO_STRING({column})"
