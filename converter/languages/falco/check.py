"""Refuse what the engine's compiler refuses: unknown fields, operators that a type does not have, bad expressions.

Three things that the engine accepts are refused too, by name, because their
meaning was not measured: ``pmatch``, ``getopt(…)`` and lists among a
transformer's arguments.

Source: libs 48dfd53c userspace/libsinsp/filter_compare.cpp:238-433,
sinsp_filtercheck.cpp:588-661 and 1309-1329, plugin_filtercheck.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from converter.languages.falco.fields import FieldType
from converter.languages.falco.problem import ReadError, problem
from converter.languages.falco.regex import problem_of
from converter.languages.falco.syntax import Argument, Call, Compare, Condition, Exists, Field, Macro, Operand, Row, Value, Values, checks
from converter.model import Diagnostic, Source, node

_EQUALITY: Final = frozenset(("=", "==", "!=", "in", "intersects"))
_OPERATORS: Final = {
    "list": frozenset(("in", "intersects")),
    "boolean": _EQUALITY,
    "number": _EQUALITY | {"<", "<=", ">", ">="},
    "string": _EQUALITY | {"<", "<=", ">", ">=", "contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"},
}
_INDEX: Final = re.compile("0|[1-9][0-9]{0,8}")
_UNSIGNED: Final = re.compile("[0-9]{1,20}")


@node
class _Shape:
    """A type, and whether it is a list of it."""

    type: str
    many: bool

    def __str__(self) -> str:
        return f"a list of {self.type}s" if self.many else f"a {self.type}"


def check(condition: Condition, fields: Mapping[str, FieldType]) -> Diagnostic | None:
    """Return the first thing that the engine's compiler refuses (R225 to R228), or ``None``.

    Args:
        condition: as ``read`` returned it.
        fields: the fields of the rule's event source, by name.
    """
    seen: set[int] = set()
    pending = [condition]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        try:
            for one in checks(current.root):
                match one:
                    case Macro(name, None, offsets):
                        message = f"macro {name} is not defined"
                        raise problem(current.source, offsets, "R228", message, "define it before it is used")
                    case Macro(_, Condition() as body):
                        pending.append(body)
                    case Exists(left):
                        _shape(left, fields, current.source)
                    case Compare():
                        _compare(one, fields, current.source)
        except ReadError as error:
            return error.diagnostic
    return None


def check_operand(operand: Operand, fields: Mapping[str, FieldType], source: Source) -> Diagnostic | None:
    """Return why a field or transformer of an output text is refused (R225, R226), or ``None``."""
    try:
        _shape(operand, fields, source)
    except ReadError as error:
        return error.diagnostic
    return None


def _field(field: Field, fields: Mapping[str, FieldType], source: Source) -> FieldType:
    kind = fields.get(field.name)
    if kind is None:
        message = f"field {field.name} does not exist for this event source"
        raise problem(source, field.offsets, "R225", message, "names are case-sensitive; other fields are jevt.value[/json/pointer]")
    argument = field.argument
    if argument is None:
        if kind.required:
            raise problem(source, field.offsets, "R225", f"field {field.name} needs an argument", f"write {field.name}[…]")
        return kind
    if not kind.argument:
        raise problem(source, field.offsets, "R225", f"field {field.name} takes no argument", "remove the brackets")
    if kind.argument == "index" and not _INDEX.fullmatch(argument):
        raise problem(source, field.offsets, "R225", f"'{argument}' is no index", "write a number without leading zeros")
    if " " in argument or "]" in argument or "\0" in argument:
        message = f"field {field.name}: the engine cuts an argument at a blank or a bracket"
        raise problem(source, field.offsets, "R225", message, "use a key without them")
    return kind


def _shape(operand: Operand, fields: Mapping[str, FieldType], source: Source) -> _Shape:
    """Return the type of a field or transformer."""
    match operand:
        case Field():
            kind = _field(operand, fields, source)
            return _Shape(kind.type, kind.many)
        case Call("getopt"):
            message = "getopt() is not evaluated by this reader"
            raise problem(source, operand.offsets, "R226", message, "write the check without it")
        case Call(name="join" | "concat"):
            return _joined(operand, fields, source)
        case Call(name, (Field() | Call() as argument,)):
            inner = _shape(argument, fields, source)
            if name == "len" and (inner.many or inner.type == "string"):
                return _Shape("number", many=False)
            if name == "len" or inner.type != "string":
                raise problem(source, operand.offsets, "R226", f"{name}() does not take {inner}", "it takes texts")
            return inner
        case Call(name):
            message = f"{name}() takes one field or transformer"
            raise problem(source, operand.offsets, "R226", message, f"write {name}(field)")


def _joined(call: Call, fields: Mapping[str, FieldType], source: Source) -> _Shape:
    """Check the arguments of ``join`` and ``concat``; both make a text."""
    shapes = [_argument(argument, fields, source) for argument in call.arguments]
    text, texts = _Shape("string", many=False), _Shape("string", many=True)
    fits = shapes == [text, texts] if call.name == "join" else len(shapes) > 1 and all(shape == text for shape in shapes)
    if not fits:
        wanted = "a separator and a list of texts" if call.name == "join" else "two or more texts"
        raise problem(source, call.offsets, "R226", f"{call.name}() takes {wanted}", "change its arguments")
    return text


def _argument(argument: Argument, fields: Mapping[str, FieldType], source: Source) -> _Shape:
    match argument:
        case Value():
            return _Shape("string", many=False)
        case Row():
            message = "a list among a transformer's arguments is not evaluated by this reader"
            raise problem(source, argument.offsets, "R226", message, "give a field that is a list")
        case _:
            return _shape(argument, fields, source)


def _compare(one: Compare, fields: Mapping[str, FieldType], source: Source) -> None:
    left = _shape(one.left, fields, source)
    if one.operator not in _OPERATORS["list" if left.many else left.type]:
        message = f"'{one.operator}' is not for {left}"
        instead = "a list takes in, intersects and exists; join() makes a text of it" if left.many else "use another operator"
        raise problem(source, one.offsets, "R226", message, instead)
    if one.operator == "pmatch":
        raise problem(source, one.offsets, "R226", "pmatch is not evaluated by this reader", "use startswith or glob")
    match one.right:
        case Value() as value:
            _constant(one.operator, left, value, source)
        case Values(items):
            for value in items:
                _constant(one.operator, left, value, source)
        case right:
            if one.operator == "regex":
                raise problem(source, right.offsets, "R226", "regex takes no field on its right side", "write the expression")
            other = _shape(right, fields, source)
            if other != left:
                message = f"{left} is compared with {other}"
                raise problem(source, one.offsets, "R226", message, "both sides must have one type")


def _constant(operator: str, left: _Shape, value: Value, source: Source) -> None:
    if left.type == "boolean" and value.text not in ("true", "false"):
        raise problem(source, value.offsets, "R226", f"'{value.text}' is no truth value", "write true or false")
    if left.type == "number" and not (_UNSIGNED.fullmatch(value.text) and int(value.text) < 1 << 64):
        raise problem(source, value.offsets, "R226", f"'{value.text}' is no whole number of 64 bits", "write decimal digits")
    if operator != "regex":
        return
    try:
        reason = problem_of(value.text)
    except ImportError:
        message = "regex needs the package google-re2 to be evaluated"
        raise problem(source, value.offsets, "R227", message, "install google-re2") from None
    if reason:
        message = f"RE2 refuses the expression: {reason}"
        raise problem(source, value.offsets, "R227", message, "POSIX syntax has no \\d, (?:…), (?i) or \\b")
