"""A function with its arguments: whether they fit, what it gives, and how it treats null and several values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import Any, Final, TypeAlias

from converter.languages.esql.compute import EACH, MANY, PARTS, SINGLE
from converter.languages.esql.facts import Function, aggregates, functions, unmodelled
from converter.languages.esql.problem import Stop
from converter.languages.esql.syntax import Call
from converter.languages.esql.values import BOOLEAN, DATE, DECIMAL, DURATION, IP, NULL, NUMBERS, TEXT, WHOLE, Value, each, packed, single

Arguments: TypeAlias = list[Value]
Result: TypeAlias = tuple[str, Callable[[Arguments], Value]]
"""What a function gives: its type, and its value for the values of its arguments."""

_CLASSES: Final = {
    "text": (TEXT,),
    "whole": (WHOLE,),
    "decimal": (DECIMAL,),
    "number": NUMBERS,
    "boolean": (BOOLEAN,),
    "date": (DATE,),
    "ip": (IP,),
    "duration": (DURATION,),
    "any": (TEXT, WHOLE, DECIMAL, BOOLEAN, DATE, IP),
}


def compile_call(tree: Call, types: Sequence[str], constants: Sequence[Value], offsets: Sequence[int]) -> Result:
    """Return a function of arguments with these types, of which some are constants.

    Raises:
        Stop: ``R303`` for what the engine refuses, ``R304`` for what is not modelled.
    """
    function = functions().get(tree.name)
    if function is None or tree.options:
        raise _unknown(tree)
    if not function.least <= len(types) <= (function.most or len(types)):
        raise Stop("R303", tree.offsets, f"error building [{tree.name}]: it has {len(types)} arguments", "see the function's page")
    for index, kind in enumerate(types):
        _check(function, index, kind, types[0], offsets[index])
    _check_constants(tree.name, constants, offsets)
    returns = types[0] if function.returns == "same" else function.returns
    return returns, _runner(function)


def _unknown(tree: Call) -> Stop:
    if tree.name in aggregates():
        return Stop("R303", tree.offsets, f"{tree.name} is an aggregate function, and stands in STATS only", "move it there")
    if tree.name in unmodelled() or tree.name in functions():
        return Stop("R304", tree.offsets, f"the function {tree.name}, or an option of it, is not run", "the engine's answer is not known")
    return Stop("R303", tree.offsets, f"Unknown function [{tree.name}]", "check its name in the reference of ES|QL's functions")


def _check(function: Function, index: int, kind: str, first: str, offsets: int) -> None:
    wanted = function.parameter(index)
    if kind == NULL or kind in ((first,) if wanted == "same" and first != NULL else _CLASSES.get(wanted, _CLASSES["any"])):
        return
    if wanted == "same" and {kind, first} <= set(NUMBERS):
        message = f"argument {index + 1} of [{function.name}] must be [{first}], found value type [{kind}]"
        raise Stop("R303", offsets, message, "convert it with TO_LONG or TO_DOUBLE")
    message = f"argument {index + 1} of [{function.name}] must be [{first if wanted == 'same' else wanted}], found value type [{kind}]"
    raise Stop("R303", offsets, message, "convert it, or use another function")


def _check_constants(name: str, constants: Sequence[Value], offsets: Sequence[int]) -> None:
    """Refuse constants that the engine reads when it plans: networks, parts of dates, stretches of time."""
    if name == "CIDR_MATCH":
        for block, place in zip(constants[1:], offsets[1:], strict=True):
            if isinstance(block, str) and not _is_network(block):
                raise Stop("R303", place, f"{block!r} is no network", "write a network as 10.0.0.0/8")
            if not isinstance(block, str):
                raise Stop("R304", place, "a network that is no constant is not run", "write the network")
    if name == "DATE_EXTRACT" and (not isinstance(constants[0], str) or constants[0].lower() not in PARTS):
        raise Stop("R304", offsets[0], f"the part {constants[0]!r} of a date is not run", f"the parts are {', '.join(PARTS)}")
    if name == "DATE_TRUNC" and not (isinstance(constants[0], int) and constants[0] > 0):
        raise Stop("R304", offsets[0], "this stretch of time is not run", "write one as 5 minutes")


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return re.fullmatch(r"[0-9a-fA-F.:]+/[0-9]{1,3}", text) is not None


def _runner(function: Function) -> Callable[[Arguments], Value]:
    if function.many:
        many = MANY[function.name]
        return lambda given: many(*map(each, given))
    if function.each:
        one_of = EACH[function.name]
        return lambda given: packed([found for one in each(given[0]) if (found := one_of(one)) is not None])
    run: Callable[..., Any] = SINGLE[function.name]

    def single_values(given: Arguments) -> Value:
        ones = [single(one) for one in given]
        return None if any(one is None for one in ones) else run(*ones)

    return single_values
