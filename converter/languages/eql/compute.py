"""What EQL's functions and operators give for plain values; ``None`` is null.

Whole numbers are those of Java's ``long``, and division of two of them cuts
towards zero.  Texts are cut and counted in UTF-16, as Java does.

Source: Elasticsearch, EQL function reference (65a282da); elastic/elasticsearch StringUtils.java, IndexOfFunctionProcessor.java,
ToNumberFunctionProcessor.java (facts of what they give).
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from converter.languages.eql.problem import Failure
from converter.languages.eql.values import Value, WrongValueError, address, network, number_in, text_of

Result: TypeAlias = Value | None
_LONG: Final = 1 << 63


def call(name: str, insensitive: bool, arguments: Sequence[Result]) -> Result:
    """Return what a function gives.

    Args:
        name: its documented name.
        insensitive: whether ``~`` follows it.
        arguments: as many as it takes.

    Raises:
        Failure: where the engine's script fails, and the search with it.
    """
    return _FUNCTIONS[name](insensitive, arguments)


def arithmetic(operator: str, left: Result, right: Result) -> Result:
    """Return ``left operator right``; null when either is.

    Raises:
        Failure: for what is no number, a division by zero, or a whole number beyond 64 bits.
    """
    if left is None or right is None:
        return None
    if not _is_number(left) or not _is_number(right):
        raise Failure(f"`{operator}` with what is no number")
    one, other = float_or_int(left), float_or_int(right)
    if isinstance(one, int) and isinstance(other, int):
        return _whole(operator, one, other)
    try:
        return _decimal(operator, float(one), float(other))
    except OverflowError:
        raise Failure("a number that is too large") from None


def _whole(operator: str, left: int, right: int) -> int:
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case _:
            if right == 0:
                raise Failure("a division by zero")
            quotient = abs(left) // abs(right)
            quotient = quotient if (left < 0) == (right < 0) else -quotient
            result = quotient if operator == "/" else left - quotient * right
    if not -_LONG <= result < _LONG:
        raise Failure("a whole number beyond 64 bits")
    return result


def _decimal(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            if right == 0:
                return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
            return left / right
        case _:
            return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def compare(operator: str, left: Result, right: Result) -> bool | None:
    """Return the answer of ``==`` and its like on two values; null when either is, or when they are of two types.

    Raises:
        Failure: for what has no order.
    """
    if left is None or right is None:
        return None
    if operator in ("==", "!="):
        same = left == right and isinstance(left, bool) == isinstance(right, bool)
        return same if operator == "==" else not same
    if isinstance(left, str) and isinstance(right, str):
        return ordered(operator, left, right)
    if _is_number(left) and _is_number(right):
        return ordered(operator, float_or_int(left), float_or_int(right))
    raise Failure(f"`{operator}` between values of two types")


def ordered(operator: str, left: str | int | float, right: str | int | float) -> bool:
    """Return whether two values of one type stand in an order."""
    match operator:
        case "<":
            return left < right  # type: ignore[operator]
        case "<=":
            return left <= right  # type: ignore[operator]
        case ">":
            return left > right  # type: ignore[operator]
        case _:
            return left >= right  # type: ignore[operator]


def float_or_int(value: Result) -> int | float:
    """Return a value as the number that it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Failure("a value that is no number")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Result) -> str:
    if not isinstance(value, str):
        raise Failure("a value that is no text")
    return value


def _cased(insensitive: bool, *texts: str) -> tuple[str, ...]:
    """Return texts without regard to case, as Java's ``toLowerCase`` has them, or as they are."""
    return tuple(text.lower() for text in texts) if insensitive else texts


def _texts_test(test: Callable[[str, str], bool]) -> Callable[[bool, Sequence[Result]], Result]:
    def run(insensitive: bool, arguments: Sequence[Result]) -> Result:
        if None in arguments:
            return None
        text, part = _cased(insensitive, _text(arguments[0]), _text(arguments[1]))
        return test(text, part)

    return run


def _operator(operator: str) -> Callable[[bool, Sequence[Result]], Result]:
    return lambda _, arguments: arithmetic(operator, arguments[0], arguments[1])


def _between(insensitive: bool, arguments: Sequence[Result]) -> Result:
    if any(one is None for one in arguments):
        return None
    source, left, right = (_text(one) for one in arguments[:3])
    greedy = len(arguments) > 3 and arguments[3] is True
    if not source:
        return ""
    seen, head, tail = _cased(insensitive, source, left, right)
    start = seen.find(head)
    if start < 0:
        return ""
    start += len(head)
    end = seen.rfind(tail, start) if greedy else seen.find(tail, start)
    return source[start:end] if end >= 0 else ""


def _cidr_match(_: bool, arguments: Sequence[Result]) -> Result:
    if None in arguments:
        return None
    given = arguments[0]
    try:
        found = given if isinstance(given, ipaddress.IPv4Address | ipaddress.IPv6Address) else address(_text(given))
        return any(inside(found, network(_text(block))) for block in arguments[1:])
    except WrongValueError as wrong:
        raise Failure(str(wrong)) from None


def inside(found: ipaddress.IPv4Address | ipaddress.IPv6Address, block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Return whether an address lies in a network of its version."""
    return found.version == block.version and found in block


def _concat(_: bool, arguments: Sequence[Result]) -> Result:
    return None if None in arguments else "".join(map(text_of, arguments))


def _index_of(insensitive: bool, arguments: Sequence[Result]) -> Result:
    if any(one is None for one in arguments):
        return None
    text, part = (_utf16(one) for one in _cased(insensitive, _text(arguments[0]), _text(arguments[1])))
    start = float_or_int(arguments[2]) if len(arguments) > 2 else 0
    start = max(0, int(start))
    if start > len(text) // 2:
        return None
    found = _find(text, part, start)
    return None if found < 0 else found


def _find(text: bytes, part: bytes, start: int) -> int:
    """Return the first place of a text in UTF-16 at or behind ``start``, in its units; -1 when it is not there."""
    at = text.find(part, start * 2)
    while at >= 0 and at % 2:
        at = text.find(part, at + 1)
    return at // 2 if at >= 0 else -1


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _length(_: bool, arguments: Sequence[Result]) -> Result:
    return None if arguments[0] is None else len(_utf16(_text(arguments[0]))) // 2


def _number(_: bool, arguments: Sequence[Result]) -> Result:
    if arguments[0] is None:
        return None
    text = _text(arguments[0]).strip()
    base = arguments[1] if len(arguments) > 1 else None
    hexadecimal = text.startswith("0x")
    radix = (16 if hexadecimal else 10) if base is None else int(float_or_int(base))
    if hexadecimal and radix == 16:
        text = text[2:]
    try:
        found = number_in(text) if radix == 10 else int(text, radix)
    except ValueError:
        found = None
    if found is None or "_" in text or (isinstance(found, int) and not -_LONG <= found < _LONG):
        raise Failure(f"{text!r} is no number of base {radix}")
    return found


def _string(_: bool, arguments: Sequence[Result]) -> Result:
    return None if arguments[0] is None else text_of(arguments[0])


def _substring(_: bool, arguments: Sequence[Result]) -> Result:
    if any(one is None for one in arguments):
        return None
    units = _utf16(_text(arguments[0]))
    length = len(units) // 2
    start = int(float_or_int(arguments[1]))
    end = int(float_or_int(arguments[2])) if len(arguments) > 2 else length
    start = max(0, start + length) if start < 0 else start
    end = max(0, end + length) if end < 0 else min(end, length)
    return units[start * 2 : end * 2].decode("utf-16-le", "surrogatepass") if start < end else ""


_FUNCTIONS: Final[dict[str, Callable[[bool, Sequence[Result]], Result]]] = {
    "add": _operator("+"),
    "between": _between,
    "cidrMatch": _cidr_match,
    "concat": _concat,
    "divide": _operator("/"),
    "endsWith": _texts_test(str.endswith),
    "indexOf": _index_of,
    "length": _length,
    "modulo": _operator("%"),
    "multiply": _operator("*"),
    "number": _number,
    "startsWith": _texts_test(str.startswith),
    "string": _string,
    # The empty text is in none: function reference, "stringContains", empty strings.
    "stringContains": _texts_test(lambda text, part: bool(part) and part in text),
    "substring": _substring,
    "subtract": _operator("-"),
}
