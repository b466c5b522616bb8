"""One detection item through pySigma: a key with its modifiers and values, to nodes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any, Final

from converter.formats import Map, Seq
from converter.ir.direct_read import compiles
from converter.ir.direct_text import DASH, DASHES, SPELLED, varies_too_much, with_plain_dashes
from converter.ir.nodes import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Parts,
    Regex,
    Shape,
    Test,
    Text,
    TimePart,
    Wild,
)
from converter.ir.regex import RegexProblem
from converter.ir.regex_read import read_regex
from converter.ir.time_part import UNITS

_ADDRESS: Final = re.compile(r" object at 0x[0-9a-f]+")
"""What Python writes of an object that has no text: it differs from run to run."""


ALIASES: Final = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma has under another name only."""


def pysigma_key(key: str) -> str:
    """Return a field with modifiers as pySigma knows them."""
    field, *modifiers = key.split("|")
    return "|".join((field, *(ALIASES.get(name, name) for name in modifiers)))


_VARIED_AS_WRITTEN: Final = frozenset({"all", "neq", "contains", "startswith", "endswith", "cased", "expand"})
"""Modifiers that leave the dashes of a value to ``windash``."""


class LoweringError(Exception):
    """Why an item has no meaning; ``offsets`` is 0 when the whole value is the place."""

    def __init__(self, code: str, message: str, help_text: str = "", offsets: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.offsets = code, message, help_text, offsets


def no_placeholder(name: str, offsets: int) -> LoweringError:
    """Return what to tell of a placeholder for which no value was given."""
    help_text = f"give it values in converter.toml, below [placeholders]: '{name}' = ['value', …]"
    return LoweringError("M011", f"the placeholder %{name}% has no value", help_text, offsets)


def atom(key: str | None, value: object, offsets: int) -> Node:
    """Return the meaning of ``key: value``; raise ``LoweringError``.

    A key of ``None`` or without a field name means keywords.  Of a list the
    values are joined with "or", with "and" under ``|all``.
    """
    from sigma.exceptions import SigmaError, SigmaRegularExpressionError
    from sigma.rule.detection import SigmaDetectionItem

    values = value if isinstance(value, Seq) else [value]
    places = value.offsets if isinstance(value, Seq) else [offsets]
    for one, place in zip(values, places, strict=True):
        if isinstance(one, Map | Seq):
            raise LoweringError("M008", "a value cannot be a map or a list of lists", "write one value a line", place)
        if not isinstance(one, str | int | float | bool | None):
            raise LoweringError("M008", f"a {type(one).__name__} is not a value of Sigma", "put it in quotes", place)
    if key and "windash" in key.split("|"):
        _bound_dashes(values, places, key.split("|").count("windash"))
        if _VARIED_AS_WRITTEN.issuperset(key.split("|windash", 1)[0].split("|")[1:]):
            values = [with_plain_dashes(one) if isinstance(one, str) else one for one in values]
    try:
        if key and "re" in key.split("|"):
            # pySigma compiles the expression with Python's re, which warns of [[:alpha:]].
            warnings.filterwarnings("ignore", category=FutureWarning, module="sigma.types")
        item = SigmaDetectionItem.from_mapping(pysigma_key(key) if key else key, list(values) if isinstance(value, Seq) else values[0])  # type: ignore[arg-type]
    except SigmaRegularExpressionError as error:
        raise LoweringError("M006", _told(error), "correct the regular expression") from error
    except SigmaError as error:
        raise LoweringError("M002", _told(error), "see the modifier's description in the Sigma specification") from error
    except Exception as error:  # pySigma raises bare errors for odd types; whatever it is, it is this item's
        raise LoweringError("M002", f"pySigma cannot read this item: {_told(error)}", "check the value's type") from error
    modifiers = tuple(key.split("|")[1:]) if key else ()
    _check_parts(modifiers, values, places)
    if not item.value:
        if item.field is None:
            raise LoweringError("M008", "an empty list of keywords", "add a value")
        return _signed(item, FieldMatch(item.field, Null(), offsets, modifiers), offsets)
    if len(item.value) != len(places):
        places, values = [offsets] * len(item.value), [None] * len(item.value)
    nodes = tuple(
        _exact(_node(item.field, one, place, modifiers), given) for one, place, given in zip(item.value, places, values, strict=True)
    )
    kind = And if item.value_linking.__name__ == "ConditionAND" else Or
    tree = nodes[0] if len(nodes) == 1 else kind(nodes, offsets)
    return _signed(item, tree, offsets)


def _signed(item: Any, tree: Node, offsets: int) -> Node:  # noqa: ANN401 - a SigmaDetectionItem, imported lazily
    """Return what an item's values mean, turned round by ``neq``."""
    return Not(tree, offsets) if getattr(item, "negated", False) else tree


def _bound_dashes(values: Sequence[object], places: Sequence[int], times: int) -> None:
    """Refuse a value that ``windash`` would write in more than 5**5 ways, five for each dash before a word and each ``windash``."""
    for one, place in zip(values, places, strict=True):
        if isinstance(one, str) and varies_too_much(one, times):
            many = times * len(DASH.findall(one)) > DASHES
            message = f"more than {DASHES} dashes" if many else f"more than {SPELLED} characters in all spellings"
            raise LoweringError("M012", f"{message} under 'windash'", "split the value, under |contains|all", place)


def _check_parts(modifiers: tuple[str, ...], values: Sequence[object], places: Sequence[int]) -> None:
    """Refuse what pySigma cuts off in silence: one of two parts of a time, the fraction of a part's number."""
    units = [name for name in modifiers if name in UNITS]
    if len(units) > 1:
        raise LoweringError("M002", f"'{units[0]}' and '{units[1]}' are two parts of a time", "write two fields, one for each part")
    for one, place in zip(values, places, strict=True):
        if units and isinstance(one, float) and not one.is_integer():
            raise LoweringError("M002", f"the {units[0]} of a time is a whole number", "write it without a fraction", place)


def _exact(node: Node, given: object) -> Node:
    """Return the node with the whole number that was written: pySigma keeps one above 2**53 as a float."""
    if isinstance(given, int) and not isinstance(given, bool) and isinstance(node, FieldMatch):
        match node.test:
            case Number():
                return FieldMatch(node.field, Number(given), node.offsets, node.modifiers)
            case Compare(operator):
                return FieldMatch(node.field, Compare(operator, given), node.offsets, node.modifiers)
            case TimePart(unit, operator):
                return FieldMatch(node.field, TimePart(unit, operator, given), node.offsets, node.modifiers)
            case _:
                return node
    return node


def _told(error: Exception) -> str:
    text = _ADDRESS.sub("", " ".join(str(error).split())) or type(error).__name__
    return text[:1].lower() + text[1:300].rstrip(".")


def _node(field: str | None, value: Any, offsets: int, modifiers: tuple[str, ...]) -> Node:  # noqa: ANN401 - a SigmaType, imported lazily
    from sigma.types import SigmaExpansion

    if isinstance(value, SigmaExpansion):
        nodes = tuple(_node(field, one, offsets, modifiers) for one in value.values)
        return nodes[0] if len(nodes) == 1 else Or(nodes, offsets)
    test = _test(value, offsets)
    if "cased" in modifiers:
        test = _with_case(test, offsets)
    if field is not None:
        return FieldMatch(field, test, offsets, modifiers)
    if not isinstance(test, Text | Regex | Number):
        raise LoweringError("M008", "a keyword is a text, a number or a regular expression", "bind the value to a field", offsets)
    return Keyword(test, offsets, modifiers)


def _with_case(test: Test, offsets: int) -> Test:
    """Return a test with regard to case: wherever ``cased`` stands, while pySigma forgets it where a later modifier makes a new text."""
    if isinstance(test, FieldRef):
        raise LoweringError("M012", "fields are compared without regard to case only", "leave 'cased' out", offsets)
    return Text(test.parts, cased=True) if isinstance(test, Text) else test


def _test(value: Any, offsets: int) -> Test:  # noqa: ANN401 - one return for each type of pySigma
    from sigma import types as sigma

    match value:
        case sigma.SigmaString():
            return Text(_parts(value, offsets), isinstance(value, sigma.SigmaCasedString))
        case sigma.SigmaTimestampPart():
            return TimePart(value.timestamp_part.name.lower(), "eq", int(value.number))
        case sigma.SigmaNumber():
            return Number(value.number)
        case sigma.SigmaBool():
            return Boolean(value.boolean)
        case sigma.SigmaNull():
            return Null()
        case sigma.SigmaExists():
            return Exists(value.exists)
        case sigma.SigmaRegularExpression():
            return _regex(str(value.regexp), "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags)), offsets)
        case sigma.SigmaCIDRExpression():
            return Cidr(value.cidr)
        case sigma.SigmaCompareExpression():
            return _compared(value.op.name.lower(), value.number)
        case sigma.SigmaFieldReference():
            return FieldRef(value.field, _reference_shape(value))
    raise LoweringError("M012", f"{type(value).__name__} is not supported", "", offsets)


def _compared(operator: str, number: Any) -> Compare | TimePart:  # noqa: ANN401 - SigmaNumber, imported lazily
    from sigma.types import SigmaTimestampPart

    if isinstance(number, SigmaTimestampPart):
        return TimePart(number.timestamp_part.name.lower(), operator, int(number.number))
    return Compare(operator, number.number)


def _regex(pattern: str, flags: str, offsets: int) -> Regex:
    if not compiles(pattern):  # pySigma 1.5.1 asks Python's re, 2.0.1 RE2: what one refuses stays refused
        raise LoweringError("M006", "Python's 're', which pySigma asks, cannot read this expression", "correct it", offsets)
    found = read_regex(pattern, flags)
    if isinstance(found, RegexProblem):
        raise LoweringError("M006", f"{found.message} (at character {found.offset + 1})", found.help, offsets)
    return Regex(pattern, flags)


def _reference_shape(value: Any) -> Shape:  # noqa: ANN401 - SigmaFieldReference, imported lazily
    match value.starts_with, value.ends_with:
        case True, True:
            return Shape.CONTAINS
        case True, False:
            return Shape.STARTSWITH
        case False, True:
            return Shape.ENDSWITH
    return Shape.EQUALS


def _parts(value: Any, offsets: int) -> Parts:  # noqa: ANN401 - SigmaString, imported lazily
    from sigma.types import SpecialChars

    parts: list[str | Wild] = []
    for part in value.s:
        if part is SpecialChars.WILDCARD_MULTI:
            parts.append(Wild.MANY)
        elif part is SpecialChars.WILDCARD_SINGLE:
            parts.append(Wild.ONE)
        elif not isinstance(part, str):
            raise no_placeholder(part.name, offsets)
        elif parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part:
            parts.append(part)
    return tuple(parts)
