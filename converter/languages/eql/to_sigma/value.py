"""One test of a field, said in Sigma: what the engine asks of a value of its type, and what is lost."""

from __future__ import annotations

from typing import Final, TypeAlias

from converter.ir import Boolean, Cidr, Compare, Number, Parts, Regex, Text, Wild
from converter.languages import elasticsearch as es
from converter.languages.elasticsearch.to_sigma import LOSSES as SHARED
from converter.languages.elasticsearch.to_sigma import SigmaField, address, single_stars
from converter.languages.eql.compute import Result
from converter.languages.eql.syntax import Call, Lookup
from converter.languages.eql.to_sigma.pattern import sigma_parts, texts_of
from converter.languages.eql.values import WrongValueError, network, number_in, text_of
from converter.model import Fidelity

Test: TypeAlias = Text | Number | Boolean | Cidr | Compare | Regex
Losses: TypeAlias = tuple[str, ...]

SUMS: Final = frozenset({"add", "subtract", "multiply", "divide", "modulo"})
LOSSES: Final = SHARED | {
    "pipe": ("condition.and", Fidelity.WIDER, "the query reports some of its matches, the rule all"),
    "case.letters": (
        "value.cased",
        Fidelity.WIDER,
        "the engine folds ASCII letters only, the rule all letters",
    ),
    "regex.fold": (
        "value.regex",
        Fidelity.UNKNOWN,
        "versions of the engine fold a class of letters differently, the rule folds it",
    ),
    "length.least": (
        "value.regex",
        Fidelity.NARROWER,
        "the engine counts a character beyond U+FFFF as two",
    ),
    "length.most": ("value.regex", Fidelity.WIDER, "the engine counts a character beyond U+FFFF as two"),
    "length.equal": ("value.regex", Fidelity.MIXED, "the engine counts a character beyond U+FFFF as two"),
    "fieldref.case": ("value.fieldref", Fidelity.WIDER, "the engine compares the two fields with regard to case, the rule without"),
    "fieldref.empty": ("value.fieldref", Fidelity.WIDER, "the engine finds an empty text in none, the rule in all"),
}
_OPERATORS: Final = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_WRITTEN_OUT: Final = 8
"""Characters up to which a length is a text of wildcards."""
_TIMES: Final = 1000
_LONGEST: Final = 4000


class Refusal(Exception):  # noqa: N818 - never leaves the package
    """Why a part of a query has no place in Sigma, and its name in the closed list of reasons."""

    def __init__(self, name: str, offsets: int, message: str, help: str = "") -> None:
        super().__init__(message)
        self.name, self.offsets, self.message, self.help = name, offsets, message, help


def equality(known: SigmaField, value: Result, offsets: int) -> tuple[Test, Losses]:
    """Return the test for ``==``, and what it loses.

    Raises:
        Refusal: for dates, and for what the engine refuses.
    """
    _check_type(known, offsets)
    if known.type == "ip":
        return _address(text_of(value), offsets), ()
    if known.type == "boolean" or (isinstance(value, bool) and not known.is_number):
        wanted = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        if isinstance(wanted, bool):
            return Boolean(wanted), ()
        raise Refusal("type", offsets, f"the engine refuses {value!r} for a boolean field", "write true or false")
    if known.is_number:
        number = number_in(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise Refusal("type", offsets, f"the engine refuses {value!r} for a field of numbers", "write a number")
        return Number(number), ("number.decimal",) if known.type in es.INTEGERS and number != int(number) else ()
    if isinstance(value, int) and not isinstance(value, bool):
        return Number(value), ()
    text = text_of(value)
    return Text((text,) if text else (), known.cased and bool(text)), ()


def order(known: SigmaField, operator: str, value: Result, offsets: int) -> tuple[Test, Losses]:
    """Return the test for ``<`` and its like, and what it loses.

    Raises:
        Refusal: for all but numbers.
    """
    _check_type(known, offsets)
    number = number_in(value) if isinstance(value, str) and known.is_number else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Refusal("order of texts", offsets, "Sigma puts numbers in order only", "write a number, or the values that are meant")
    if known.type in ("ip", "boolean"):
        raise Refusal("type", offsets, f"the engine refuses a number for a field of type {known.type}", "write a value of the type")
    return Compare(_OPERATORS[operator], number), () if known.is_number else ("range.keyword",)


def candidate(known: SigmaField, lookup: Lookup, value: Result, offsets: int) -> tuple[tuple[Test, ...], Losses]:
    """Return the tests for one candidate of ``in``, ``like``, ``:`` or ``regex``, any of which suffices, and what they lose.

    Raises:
        Refusal: for what the engine refuses, and expressions that are not read.
    """
    if lookup.kind == "in" and not (lookup.insensitive and isinstance(value, str) and known.is_text):
        equal, lost = equality(known, value, offsets)
        return (equal,), lost
    if lookup.operator in ("like", "like~") and isinstance(value, int | float):
        value = text_of(value)
    if not isinstance(value, str) or not known.is_text:
        message = f"the engine compares texts only with `{lookup.operator}`"
        raise Refusal("type", offsets, message, "compare with ==, in or cidrMatch")
    if lookup.kind == "regex":
        return _expression(known, value, lookup.insensitive, offsets)
    parts: Parts = sigma_parts(value) if lookup.kind == "like" else (value,) if value else ()
    text, lost = _text(known, parts, lookup.insensitive)
    return (text,), lost


def _text(known: SigmaField, parts: Parts, insensitive: bool) -> tuple[Text, Losses]:
    cased = known.cased and not insensitive and any(isinstance(part, str) for part in parts)
    lossy = insensitive and any(isinstance(part, str) and not _is_caseless(part) for part in parts)
    return Text(parts, cased), ("case.letters",) if lossy else ()


def _is_caseless(text: str) -> bool:
    """Say whether no letter outside of ASCII has case."""
    return text.isascii() or all(char.isascii() or char.lower() == char.upper() for char in text)


def _expression(known: SigmaField, text: str, insensitive: bool, offsets: int) -> tuple[tuple[Test, ...], Losses]:
    """Return a regular expression as texts with wildcards where it is one, else as a pattern."""
    try:
        tree = es.parse(text, eql=True)
    except es.Refusal as error:
        raise Refusal("expression", offsets, error.message, error.help) from None
    found = [_text(known, parts, insensitive) for parts in texts_of(tree)]
    if found:
        return tuple(test for test, _ in found), tuple(dict.fromkeys(loss for _, losses in found for loss in losses))
    pattern, ends = es.searched(tree)
    lost: list[str] = ["regex.end"] if ends else []
    if insensitive and es.folds_differently(tree):
        lost.append("regex.fold")
    return (Regex(pattern, "is" if insensitive or not known.cased else "s"),), tuple(lost)


def part(known: SigmaField, call: Call, text: str, *, is_field: bool) -> tuple[Text, Losses]:
    """Return the test of ``startsWith``, ``endsWith`` or ``stringContains`` with a constant, and what it loses.

    Args:
        known: the field.
        call: the function.
        text: the constant.
        is_field: whether the field itself is asked, so that wildcards in the text of the latter two count.

    Raises:
        Refusal: for a field that is no text.
    """
    if not known.is_text and is_field:
        raise Refusal("type", call.offsets, f"the engine refuses {call.name} on a field of type {known.type}", "ask a text")
    literal: Parts = (text,) if text else ()
    wild = sigma_parts(text, escapes=True) if is_field else literal
    match call.name:
        case "startsWith":
            parts: Parts = (*literal, Wild.MANY)
        case "endsWith":
            parts = (Wild.MANY, *wild)
        case _:
            parts = (Wild.MANY, *wild, Wild.MANY)
    return _text(known, single_stars(parts), call.insensitive)


def block(text: str, offsets: int) -> Cidr:
    """Return the test of ``cidrMatch`` with one network.

    Raises:
        Refusal: when the text is none.
    """
    try:
        return Cidr(str(network(text)))
    except WrongValueError as wrong:
        raise Refusal("type", offsets, f"the engine refuses it: {wrong}", "write a network as 10.0.0.0/8") from None


def length(operator: str, value: Result, offsets: int) -> tuple[tuple[Text | Regex, ...] | bool, Losses]:
    """Return the tests of a text's length, any of which suffices: true of every text, or of none, when the number says so.

    Raises:
        Refusal: for lengths beyond what a pattern may repeat.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or abs(value) > _LONGEST:
        raise Refusal(
            "function", offsets, f"Sigma has no length, and a pattern repeats at most {_LONGEST} times", "compare the text itself"
        )
    count = int(value)
    least, most = {
        ">": (count + 1, None),
        ">=": (count, None),
        "<": (0, count - 1),
        "<=": (0, count),
        "==": (count, count),
    }.get(operator, (-1, None))
    if operator == "!=":
        lower, _ = length("<", count, offsets)
        upper, _ = length(">", count, offsets)
        both = tuple(one for side in (lower, upper) if not isinstance(side, bool) for one in side)
        return (True if upper is True else both), ("length.equal",)
    if least <= 0 and most is None:
        return True, ()
    if most is not None and most < max(least, 0):
        return False, ()
    return _lengths(max(least, 0), most)


def _lengths(least: int, most: int | None) -> tuple[tuple[Text | Regex, ...], Losses]:
    if most is None:
        if least <= _WRITTEN_OUT:
            return (Text((*[Wild.ONE] * least, Wild.MANY)),), () if least == 1 else ("length.least",)
        return (Regex(f"^{_dots(least)}", "s"),), ("length.least",)
    if most <= _WRITTEN_OUT:
        losses: Losses = () if most == 0 else ("length.most",) if least == 0 else ("length.equal",)
        return tuple(Text((Wild.ONE,) * count) for count in range(least, most + 1)), losses
    inside = _dots(most) if least == most else f"{_dots(least)}{_at_most(most - least)}"
    return (Regex(f"^{inside}$", "s"),), ("regex.end", "length.most" if least == 0 else "length.equal")


def _dots(count: int) -> str:
    """Return a pattern of so many characters, in braces that engines take."""
    return "".join(f".{{{min(_TIMES, count - at)}}}" for at in range(0, count, _TIMES))


def _at_most(count: int) -> str:
    return "".join(f".{{0,{min(_TIMES, count - at)}}}" for at in range(0, count, _TIMES))


def _address(text: str, offsets: int) -> Text | Cidr:
    found = address(text)
    if found is None:
        raise Refusal("type", offsets, f"the engine refuses {text!r} for a field of addresses", "write an address")
    return found


def _check_type(known: SigmaField, offsets: int) -> None:
    if known.type in es.DATES:
        raise Refusal("date", offsets, "Sigma has no dates", "compare another field")
    if known.type in es.TOKENIZED:
        raise Refusal("type", offsets, f"the engine refuses a field of type {known.type}", "ask a sub-field of type keyword")
