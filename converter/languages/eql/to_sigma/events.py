"""Give an EQL query to Sigma: the same conditions as nodes, and what they lose on the way.

Sigma tests raw events, the engine tests indexed documents; events are taken
to hold values as their fields' types have them, and optional fields to be
mapped.  What Sigma has no way to say is refused under one of few names:
``everything``, ``nothing``, ``no field``, ``type``, ``date``, ``order of
texts``, ``arithmetic``, ``function``, ``fields``, ``expression``, ``sequence``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from converter import ir
from converter.ir import FieldMatch, Node, Text, Wild
from converter.languages.elasticsearch.to_sigma import SigmaField
from converter.languages.eql import syntax
from converter.languages.eql.compute import Result
from converter.languages.eql.problem import Failure, Stop
from converter.languages.eql.scripts import value_of
from converter.languages.eql.syntax import Call, Comparison, Event, Expression, Field, Literal, Lookup, Query, fields_of
from converter.languages.eql.to_sigma import value as sigma_value
from converter.languages.eql.to_sigma.value import Refusal
from converter.model import Diagnostic, Loss, Severity

Resolve: TypeAlias = Callable[[str], SigmaField | None]
_Outcome: TypeAlias = Node | bool
_SWAPPED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PAIRS: Final = {"startsWith": ir.Shape.STARTSWITH, "endsWith": ir.Shape.ENDSWITH, "stringContains": ir.Shape.CONTAINS}


def to_sigma(query: Query, resolve: Resolve, *, category: str | None = "event.category") -> tuple[Node, tuple[Loss, ...]] | Diagnostic:
    """Return a query of single events as a Sigma condition, with what it loses.

    Args:
        query: the query; offsets of the nodes point into its source.
        resolve: what a field name of the query is in the rule; ``None`` when the rule has no such field.
        category: the index's field of categories; ``None`` when the rule's log source says the category.

    Returns:
        A diagnostic ``R286`` when Sigma has no way to say a part of it; its
        message begins with the refusal's name.
    """
    if not isinstance(query.body, Event):
        return _diagnostic(query, Refusal("sequence", query.body.offsets, "a sequence is no condition on one event", "ask `plan`"))
    cut = pipe_losses(query)
    if isinstance(cut, Diagnostic):
        return cut
    said = event_to_sigma(query, query.body, resolve, category=category)
    return said if isinstance(said, Diagnostic) else (said[0], (*said[1], *cut))


def pipe_losses(query: Query) -> tuple[Loss, ...] | Diagnostic:
    """Return what a query's pipes lose: ``head`` and ``tail`` report fewer matches; ``R286`` for a pipe that leaves none."""
    feature, direction, message = sigma_value.LOSSES["pipe"]
    for pipe in query.pipes:
        if pipe.count == 0:
            return _diagnostic(query, Refusal("nothing", pipe.offsets, "the pipe leaves no match", "remove the pipe"))
    return tuple(Loss("R287", feature, direction, message, query.source.span(pipe.offsets)) for pipe in query.pipes)


def event_to_sigma(
    query: Query, event: Event, resolve: Resolve, *, category: str | None = "event.category"
) -> tuple[Node, tuple[Loss, ...]] | Diagnostic:
    """Return one event of a query as a Sigma condition; as ``to_sigma``."""
    importer = _Importer(query, resolve)
    try:
        outcome = importer.event(event, category)
    except Refusal as refusal:
        return _diagnostic(query, refusal)
    return outcome, tuple(importer.losses)


def _diagnostic(query: Query, refusal: Refusal) -> Diagnostic:
    return Diagnostic("R286", Severity.ERROR, query.source.span(refusal.offsets), f"{refusal.name}: {refusal.message}", refusal.help)


@dataclass(slots=True)
class _Importer:
    """Walks an event's condition and collects losses; ``negated`` is the parity of the negations around a part."""

    query: Query
    resolve: Resolve
    losses: list[Loss] = field(default_factory=list)

    def event(self, event: Event, category: str | None) -> Node:
        """Return an event's category and condition."""
        condition = self.tree(event.condition, False)
        if condition is False:
            raise Refusal("nothing", event.condition.offsets, "the condition is true of no event", "remove the query")
        nodes: list[Node] = []
        if event.category is not None and category is not None:
            known = self.known(Field(category, False, event.category_offsets))
            nodes.append(FieldMatch(known.name, Text(_literal(event.category), known.cased), event.category_offsets))
        if condition is not True:
            nodes.append(condition)
        if not nodes:
            raise Refusal("everything", event.offsets, "the query matches every event, which no Sigma condition says", "add a condition")
        return nodes[0] if len(nodes) == 1 else ir.And(tuple(nodes), event.offsets)

    def tree(self, expression: Expression, negated: bool) -> _Outcome:
        """Return a condition: a node, or what it is of every event."""
        match expression:
            case syntax.And(children, offsets):
                return _and([self.tree(child, negated) for child in children], offsets)
            case syntax.Or(children, offsets):
                return _or([self.tree(child, negated) for child in children], offsets)
            case syntax.Not(child, offsets):
                return _not(self.tree(child, not negated), offsets)
            case Comparison():
                return self.comparison(expression, negated)
            case Lookup():
                return self.lookup(expression, negated)
            case Call():
                return self.call(expression, negated)
            case Field():
                return FieldMatch(self.known(expression).name, ir.Boolean(True), expression.offsets)
            case Literal(value):
                if isinstance(value, bool) or value is None:
                    return _truth(value, negated)
                raise Refusal("type", expression.offsets, "a value is no condition", "compare it with something")
            case syntax.Negative() | syntax.Arithmetic():
                raise Refusal("type", expression.offsets, "a value is no condition", "compare it with something")
        assert_never(expression)

    def known(self, field: Field) -> SigmaField:
        """Return what a field is in the rule."""
        found = self.resolve(field.name)
        if found is None:
            raise Refusal("no field", field.offsets, f"the rule has no field for {field.name}", "map the field")
        return found

    def comparison(self, comparison: Comparison, negated: bool) -> _Outcome:
        """Return ``left operator right``."""
        operator, left, right, offsets = comparison.operator, comparison.left, comparison.right, comparison.offsets
        if fields_of(right):
            if fields_of(left):
                raise Refusal("fields", offsets, "the engine refuses to compare two fields", "compare both with values")
            operator, left, right = _SWAPPED[operator], right, left
        value = self.fold(right)
        if not fields_of(left):
            if value is None and operator not in ("==", "!="):
                raise Refusal("nothing", offsets, "a comparison with null is no answer", "remove the condition")
            given = self.fold(Comparison(operator, left, right, offsets))
            if value is None and operator in ("==", "!="):
                return (self.fold(left) is None) is (operator == "==")
            return _truth(given, negated)
        if value is None:
            return self.null(operator, left, offsets)
        if isinstance(value, bool) and isinstance(left, Call | Comparison | Lookup | syntax.And | syntax.Or | syntax.Not):
            same = value is (operator == "==")
            inner = self.tree(left, negated if same else not negated)
            return inner if same else _not(inner, offsets)
        if isinstance(left, Call) and left.name == "length":
            return self.length(operator, left, value, offsets, negated)
        return self.value_comparison(operator, left, value, offsets, negated)

    def value_comparison(self, operator: str, left: Expression, value: Result, offsets: int, negated: bool) -> Node:
        """Return a field against a constant."""
        known = self.known(self.tested(left))
        if operator in ("==", "!="):
            test, losses = sigma_value.equality(known, value, offsets)
            self.lose(losses, offsets, negated if operator == "==" else not negated)
            node = FieldMatch(known.name, test, offsets)
            if operator == "==":
                return node
            if isinstance(left, Field):
                return ir.Not(node, offsets)
            # A script on a missing field is false, also with !=.
            return ir.And((FieldMatch(known.name, Text((Wild.MANY,)), offsets), ir.Not(node, offsets)), offsets)
        test, losses = sigma_value.order(known, operator, value, offsets)
        self.lose(losses, offsets, negated)
        return FieldMatch(known.name, test, offsets)

    def tested(self, value: Expression) -> Field:
        """Return the field that an expression is the value of: itself, or inside of ``string``."""
        if isinstance(value, Field):
            return value
        if isinstance(value, Call) and value.name == "string" and isinstance(value.arguments[0], Field):
            return value.arguments[0]
        if isinstance(value, syntax.Arithmetic | syntax.Negative) or (isinstance(value, Call) and value.name in sigma_value.SUMS):
            raise Refusal("arithmetic", value.offsets, "Sigma computes nothing", "compare the field with a constant")
        name = value.name if isinstance(value, Call) else "a condition as a value"
        raise Refusal("function", value.offsets, f"Sigma has nothing for {name} on a field", "compare the field itself")

    def null(self, operator: str, left: Expression, offsets: int) -> Node:
        """Return whether a field has a value."""
        if operator not in ("==", "!="):
            raise Refusal("nothing", offsets, "a comparison with null is no answer", "ask == null or != null")
        name = self.known(self.tested(left)).name
        return FieldMatch(name, ir.Null() if operator == "==" else Text((Wild.MANY,)), offsets)

    def length(self, operator: str, call: Call, value: Result, offsets: int, negated: bool) -> _Outcome:
        """Return a comparison of a text's length: as a text of wildcards, or as a pattern."""
        known = self.known(self.tested(call.arguments[0]))
        if not known.is_text:
            raise Refusal("type", offsets, f"the engine refuses the length of a field of type {known.type}", "ask a text")
        test, losses = sigma_value.length(operator, value, offsets)
        self.lose(losses, offsets, negated)
        if isinstance(test, bool):
            return FieldMatch(known.name, Text((Wild.MANY,)), offsets) if test else False
        nodes: list[Node] = [FieldMatch(known.name, one, offsets) for one in test]
        return nodes[0] if len(nodes) == 1 else ir.Or(tuple(nodes), offsets)

    def lookup(self, lookup: Lookup, negated: bool) -> _Outcome:
        """Return ``in``, ``like``, ``:`` or ``regex``."""
        for one in lookup.candidates:
            if fields_of(one):
                raise Refusal("fields", one.offsets, "the engine refuses to compare two fields", "write the values that are meant")
        if not fields_of(lookup.value):
            return _truth(self.fold(lookup), negated)
        known = self.known(self.tested(lookup.value))
        nodes: list[Node] = []
        for one in lookup.candidates:
            value = self.fold(one)
            if value is None and lookup.kind == "in":
                continue
            tests, losses = sigma_value.candidate(known, lookup, value, one.offsets)
            self.lose(losses, one.offsets, negated)
            nodes += (FieldMatch(known.name, test, one.offsets) for test in tests)
        if not nodes:
            return False
        return nodes[0] if len(nodes) == 1 else ir.Or(tuple(nodes), lookup.offsets)

    def call(self, call: Call, negated: bool) -> _Outcome:
        """Return a function that is a condition."""
        if not fields_of(call):
            return _truth(self.fold(call), negated)
        first, *rest = call.arguments
        if call.name not in _PAIRS and call.name != "cidrMatch":
            raise Refusal("function", call.offsets, f"{call.name} gives a value, which is no condition", "compare it")
        if any(fields_of(one) for one in rest):
            return self.pair(call, negated)
        known = self.known(self.tested(first))
        constants = [self.fold(one) for one in rest]
        if None in constants:
            raise Refusal("nothing", call.offsets, "a function of null is no answer", "remove the condition")
        if call.name == "cidrMatch":
            nodes: list[Node] = [FieldMatch(known.name, sigma_value.block(str(one), call.offsets), call.offsets) for one in constants]
            return nodes[0] if len(nodes) == 1 else ir.Or(tuple(nodes), call.offsets)
        if not constants[0] and call.name == "stringContains":
            return False
        test, losses = sigma_value.part(known, call, str(constants[0]), is_field=isinstance(first, Field))
        self.lose(losses, call.offsets, negated)
        return FieldMatch(known.name, test, call.offsets)

    def pair(self, call: Call, negated: bool) -> Node:
        """Return a function of two fields: Sigma compares them without regard to case."""
        if call.name == "cidrMatch" or not fields_of(call.arguments[0]):
            raise Refusal("function", call.offsets, f"Sigma has nothing for {call.name} with a field there", "compare with constants")
        one, other = (self.known(self.tested(argument)) for argument in call.arguments)
        if not call.insensitive and (one.cased or other.cased):
            self.lose(("fieldref.case",), call.offsets, negated)
        if call.name == "stringContains":
            self.lose(("fieldref.empty",), call.offsets, negated)
        return FieldMatch(one.name, ir.FieldRef(other.name, _PAIRS[call.name]), call.offsets)

    def fold(self, expression: Expression) -> Result:
        """Return what a constant expression gives."""
        try:
            return value_of(expression, {})
        except Failure as failure:
            raise Refusal("nothing", expression.offsets, f"the engine fails on a constant: {failure}", "write the result") from None
        except Stop as stop:
            raise Refusal("expression", stop.offsets, stop.message, stop.help) from None

    def lose(self, reasons: tuple[str, ...], offsets: int, negated: bool) -> None:
        """Note losses."""
        for reason in reasons:
            feature, direction, message = sigma_value.LOSSES[reason]
            span = self.query.source.span(offsets)
            self.losses.append(Loss("R287", feature, direction.negated if negated else direction, message, span))


def _truth(value: Result, negated: bool) -> bool:
    """Return what a constant condition is of every event; null, which finds nothing negated or not, is what ``negated`` undoes."""
    return negated if value is None else value is True


def _literal(text: str) -> ir.Parts:
    return (text,) if text else ()


def _and(children: list[_Outcome], offsets: int) -> _Outcome:
    if any(child is False for child in children):
        return False
    nodes = tuple(child for child in children if not isinstance(child, bool))
    return ir.And(nodes, offsets) if len(nodes) > 1 else nodes[0] if nodes else True


def _or(children: list[_Outcome], offsets: int) -> _Outcome:
    if any(child is True for child in children):
        return True
    nodes = tuple(child for child in children if not isinstance(child, bool))
    return ir.Or(nodes, offsets) if len(nodes) > 1 else nodes[0] if nodes else False


def _not(child: _Outcome, offsets: int) -> _Outcome:
    return (not child) if isinstance(child, bool) else ir.Not(child, offsets)
