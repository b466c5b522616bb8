"""Compile a condition to a function of a document, by the rules of the engine's translation.

A comparison of a field with a constant becomes a query: it asks for any value
of the field, and its negation (``!=``, ``not in`` too) is true where the field
is missing.  Everything with a function around a field becomes a script: it is
tried with each combination of the fields' values, a missing one is null, and
a script that gives null is false, so that its ``not`` is true.  An optional
field that is not mapped is the constant null, which is neither true nor false.

Source: elastic/elasticsearch QueryTranslator.java, ExpressionTranslators.java, Optimizer.java, Scripts.java,
InternalEqlScriptUtils.java (facts of what they do); Elasticsearch, EQL syntax reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from converter.languages.eql import atoms, scripts
from converter.languages.eql.compute import Result
from converter.languages.eql.document import ECS, Document, Roles
from converter.languages.eql.mapping import Mapping
from converter.languages.eql.problem import Failure, Stop
from converter.languages.eql.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Event,
    Expression,
    Field,
    Literal,
    Lookup,
    Negative,
    Not,
    Or,
    fields_of,
)
from converter.languages.eql.types import field_type, type_of
from converter.model import node

Condition: TypeAlias = Callable[[Document], bool | None]
"""The answer for a document; ``None`` for null, which only unmapped optional fields give."""

_SWAPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def event_test(event: Event, mapping: Mapping, roles: Roles = ECS) -> Callable[[Document], bool]:
    """Return whether a document is an event of this category and condition.

    Raises:
        Stop: ``R283`` when the engine refuses it, ``R285`` when its answer is not known.
    """
    condition = _Compiler(mapping).condition(event.condition)
    if event.category is None:
        return lambda document: condition(document) is True
    category = event.category
    if mapping.find(roles.category) is None:
        message = f"the index has no field {roles.category}, in which a category is looked up"
        raise Stop("R283", event.category_offsets, message, "write `any where`")
    return lambda document: category in document.values.get(roles.category, ()) and condition(document) is True


@node
class _Compiler:
    """The mapping on which a condition is compiled."""

    mapping: Mapping

    def condition(self, expression: Expression) -> Condition:
        """Compile what is true or false."""
        match expression:
            case And(children):
                return _all(tuple(self.condition(child) for child in children))
            case Or(children):
                return _any(tuple(self.condition(child) for child in children))
            case Not(child):
                return _not(self.condition(child))
            case Comparison():
                return self.comparison(expression)
            case Lookup():
                return self.lookup(expression)
            case Call():
                return self.call(expression)
            case Literal(value) if value is None or isinstance(value, bool):
                return _constant(value)
            case Field():
                return self.field(expression)
            case Literal() | Negative() | Arithmetic():
                raise Stop("R283", expression.offsets, "a condition is true or false, this is a value", "compare it with something")
        assert_never(expression)

    def field(self, field: Field) -> Condition:
        """Compile a field that stands alone: it is true."""
        kind = field_type(field, self.mapping)
        if kind is None:
            return _constant(None)
        if kind.type != "boolean" and not self.mapping.open:
            raise Stop("R283", field.offsets, f"a condition is true or false, {field.name} is a field of type {kind.type}", "compare it")
        return atoms.any_value(kind.path, lambda value: value is True)

    def call(self, call: Call) -> Condition:
        """Compile a function that is a condition: on a field and constants a query, else a script."""
        if type_of(call, self.mapping) != "boolean":
            raise Stop("R283", call.offsets, f"a condition is true or false, {call.name} gives a value", "compare it with something")
        first, *rest = call.arguments
        if isinstance(first, Field) and not any(fields_of(one) for one in rest):
            kind = field_type(first, self.mapping)
            constants = [self.fold(one) for one in rest]
            if kind is None or None in constants:
                return _constant(None)
            test = atoms.function_test(call, kind, [str(one) for one in constants])
            return atoms.any_value(kind.path, test)
        return self.script(call)

    def comparison(self, comparison: Comparison) -> Condition:
        """Compile ``left operator right``."""
        operator, left, right = comparison.operator, comparison.left, comparison.right
        if fields_of(right):
            if fields_of(left):
                message = "the engine compares a field with constants only, not with another field"
                raise Stop("R283", comparison.offsets, message, "compare both fields with the values that are meant")
            operator, left, right = _SWAPPED[operator], right, left
        kinds = type_of(left, self.mapping), type_of(right, self.mapping)
        value = self.fold(right)
        if value is None:
            return self.null(operator, left)
        if isinstance(left, Field):
            return self.field_comparison(operator, left, value, comparison.offsets)
        if isinstance(value, bool) and kinds[0] == "boolean" and operator in ("==", "!="):
            inner = self.condition(left)
            return inner if value is (operator == "==") else _not(inner)
        self._comparable(operator, kinds, comparison.offsets)
        return self.script(Comparison(operator, left, right, comparison.offsets))

    def _comparable(self, operator: str, kinds: tuple[str, str], offsets: int) -> None:
        """Refuse an order between values of two types."""
        known = set(kinds) - {"null"}
        if len(known) > 1 or (operator not in ("==", "!=") and known & {"boolean", "ip", "date"}):
            raise Stop("R283", offsets, f"`{operator}` between {' and '.join(kinds)}", "compare values of one type")

    def null(self, operator: str, left: Expression) -> Condition:
        """Compile a comparison with null: of a field, whether it has no value; in an order, nothing."""
        if operator not in ("==", "!="):
            return _constant(None)
        if isinstance(left, Field):
            kind = field_type(left, self.mapping)
            if kind is None:
                return _constant(operator == "==")
            missing: Condition = lambda document: kind.path not in document.values  # noqa: E731 - a line
            return missing if operator == "==" else _not(missing)
        if not fields_of(left):
            return _constant((self.fold(left) is None) is (operator == "=="))
        is_null = scripts.compiled(left, self.mapping, lambda value: value is None)
        return is_null if operator == "==" else _not(is_null)

    def field_comparison(self, operator: str, field: Field, value: Result, offsets: int) -> Condition:
        """Compile a field against a constant."""
        kind = field_type(field, self.mapping)
        if kind is None:
            return _constant(None)
        if operator == "!=":
            return _not(atoms.any_value(kind.path, atoms.value_test("==", kind, value, offsets)))
        return atoms.any_value(kind.path, atoms.value_test(operator, kind, value, offsets))

    def lookup(self, lookup: Lookup) -> Condition:
        """Compile ``in``, ``like``, ``:`` and ``regex``."""
        for one in lookup.candidates:
            if fields_of(one):
                message = f"the engine compares `{lookup.operator}` with constants only, not with another field"
                raise Stop("R283", one.offsets, message, "write the values that are meant")
        candidates = [self.fold(one) for one in lookup.candidates]
        if lookup.kind != "in":
            self._texts_only(lookup, candidates)
        if isinstance(lookup.value, Field):
            kind = field_type(lookup.value, self.mapping)
            if kind is None:
                return _constant(None)
            tests = [atoms.lookup_test(lookup, kind, one, offsets) for one, offsets in self._wanted(lookup, candidates)]
            return atoms.any_value(kind.path, lambda value: any(test(value) for test in tests))
        type_of(lookup.value, self.mapping)
        test = scripts.lookup(lookup, candidates)
        if not fields_of(lookup.value):
            value = self.fold(lookup.value)
            return _constant(None if value is None else test(value))
        return scripts.compiled(lookup.value, self.mapping, lambda value: value is not None and test(value))

    def _wanted(self, lookup: Lookup, candidates: list[Result]) -> list[tuple[Result, int]]:
        """Return the candidates that are not null, with their places."""
        pairs = zip(candidates, lookup.candidates, strict=True)
        return [(value, written.offsets) for value, written in pairs if value is not None]

    def _texts_only(self, lookup: Lookup, candidates: list[Result]) -> None:
        """Refuse what ``like``, ``regex`` and ``:`` cannot compare."""
        for one, written in zip(candidates, lookup.candidates, strict=True):
            if one is None or (not isinstance(one, str) and lookup.operator not in ("like", "like~")):
                message = f"`{lookup.operator}` compares texts only"
                raise Stop("R283", written.offsets, message, "write the value in double quotes, or compare with ==")
        found = type_of(lookup.value, self.mapping)
        if found not in ("string", "null") and not self.mapping.open:
            message = f"`{lookup.operator}` compares texts only, this is of type {found}"
            raise Stop("R283", lookup.value.offsets, message, "compare with ==, in or cidrMatch")

    def script(self, expression: Expression) -> Condition:
        """Compile a condition that the engine computes."""
        if not fields_of(expression):
            value = self.fold(expression)
            return _constant(None if value is None else value is True)
        return scripts.compiled(expression, self.mapping, lambda value: value is True)

    def fold(self, expression: Expression) -> Result:
        """Return what a constant expression gives.

        Raises:
            Stop: ``R283`` when its computation fails.
        """
        if isinstance(expression, Literal):
            return expression.value
        type_of(expression, self.mapping)
        try:
            return scripts.value_of(expression, {})
        except Failure as failure:
            raise Stop("R283", expression.offsets, f"the engine fails on a constant: {failure}", "write the result") from None


def _constant(value: bool | None) -> Condition:
    return lambda _: value


def _not(inner: Condition) -> Condition:
    def answer(document: Document) -> bool | None:
        found = inner(document)
        return None if found is None else not found

    return answer


def _all(children: tuple[Condition, ...]) -> Condition:
    def answer(document: Document) -> bool | None:
        result: bool | None = True
        for child in children:
            found = child(document)
            if found is False:
                return False
            result = None if found is None else result
        return result

    return answer


def _any(children: tuple[Condition, ...]) -> Condition:
    def answer(document: Document) -> bool | None:
        result: bool | None = False
        for child in children:
            found = child(document)
            if found is True:
                return True
            result = None if found is None else result
        return result

    return answer
