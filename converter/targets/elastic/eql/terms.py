r"""One test on one field as EQL asks it: which operator, of which values.

``:`` compares texts without regard to ASCII case and reads ``*`` and ``?`` as
wildcards, which nothing escapes; so does ``like`` with regard to case.  A text
with such a character of its own is asked by ``in~`` or ``==`` where it is
whole, by ``startsWith`` where it is a beginning, else by a regular expression,
as is one with letters beyond ASCII whatever their case.

Source: Elasticsearch, EQL syntax and function references; converter/languages/eql/engine.yml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, assert_never

from converter.data import Binding
from converter.ir import (
    Boolean,
    Chain,
    CharSet,
    Cidr,
    Compare,
    Exists,
    Expression,
    FieldMatch,
    FieldRef,
    Literal,
    Null,
    Number,
    Regex,
    Repeat,
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
from converter.targets.elastic.eql import words
from converter.targets.elastic.expressions import check_length, described, states, written
from converter.targets.elastic.index import IGNORE_ABOVE, LONG, TEXTUAL
from converter.targets.elastic.losses import no_mixed_network, refused

WHO: Final = "EQL cannot"
"""Who is named where a part of a rule is refused."""
_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_SIGNS: Final = ("*", "?", "\x01")
"""Characters that ``:`` and ``like`` do not take for themselves; the last is the engine's own escape there (QL StringUtils.java)."""
_LISTS: Final = ("==", "in~", ":", "like", "regex", "regex~", "cidrMatch")
_REFUSED: Final = ("text", "match_only_text", "flattened", "nested", "object")
"""Types of fields that the engine refuses in EQL, whatever is asked of them."""
_BESIDE: Final = {Shape.STARTSWITH: "startsWith~", Shape.ENDSWITH: "endsWith~"}
"""Functions of two fields.  There is none for equality, and ``stringContains`` finds an empty text in none, the rule in all."""
_CHARACTER: Final = CharSet(((0, 0x10FFFF),))
_ANYTHING: Final = Repeat(_CHARACTER, 0, None)


@node
class Term:
    """An operator or function, the field's name, and values as EQL writes them, of which any will do.

    ``loose`` says that ``:`` would find the same values; ``can_be_null`` that
    the index need not have the field, so that the test is then neither true
    nor false; ``other`` is a second field of which that is so, too.
    """

    operator: str
    name: str
    values: tuple[str, ...] = ()
    loose: bool = False
    can_be_null: bool = False
    other: str = ""

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that must have a value for the test to be true or false."""
        return ((self.name,) if self.can_be_null else ()) + ((self.other,) if self.other else ())

    @property
    def clauses(self) -> int:
        """How many queries it becomes: ``in`` is one, whatever its length."""
        return 1 if self.operator in ("==", "cidrMatch") else max(len(self.values), 1)


def term(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> Term:
    """Return a test as EQL asks it.

    Raises:
        Inexpressible: where EQL cannot.
    """
    may_lack = binding.dynamic or not binding.typed
    name, test = words.name(binding.path, optional=may_lack), tree.test
    if binding.type in _REFUSED and not (isinstance(test, Cidr) and binding.ip):
        what = f"anything of '{binding.path}', a field of type {binding.type}"
        raise refused(tree, what, "use another language for this rule", resolved, WHO)
    match test:
        case Null():
            return Term("is null", name)
        case Exists(present):
            return Term("is not null" if present else "is null", name)
        case Text() if test.parts and all(part is Wild.MANY for part in test.parts):
            return Term("is not null", name)
        case Text() if binding.type == "long":
            operator, value, loose = "==", _number(tree, _whole(tree, test, resolved), binding, resolved), False
        case Text():
            operator, value, loose = _text(tree, test, binding, resolved)
        case Number(value_of):
            operator, value, loose = "==", _number(tree, value_of, binding, resolved), False
        case Boolean(truth) if binding.type in TEXTUAL:
            operator, value, loose = "==", words.text(scalar_text(truth)), False
        case Boolean(truth):
            operator, value, loose = "is", scalar_text(truth), False
        case Compare(order, bound):
            operator, value, loose = _OPERATORS[order], scalar_text(bound), False
        case Cidr(network):
            no_mixed_network(tree, test, resolved, WHO)
            operator, value, loose = "cidrMatch", words.text(network), False
            name = words.name(binding.ip or binding.path, optional=may_lack)
        case Regex():
            operator, value = _search(tree, test, resolved)
            loose = False
        case FieldRef(other, shape) if shape in _BESIDE:
            beside = resolved.fields[other]
            may_lack_too = beside.dynamic or not beside.typed
            second = words.name(beside.path, optional=may_lack_too)
            return Term(_BESIDE[shape], name, (second,), can_be_null=may_lack, other=second if may_lack_too else "")
        case FieldRef() | TimePart():
            raise refused(tree, f"'{feature_of_test(test)}'", "use another test, or disable elastic for this rule", resolved, WHO)
        case _:
            assert_never(test)
    return Term(operator, name, (value,), loose, may_lack)


def merged(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return terms of which any will do with those of one field and operator as one, each where the first of them stood."""
    by_colon = {one.name for one in terms if one.operator == ":"}
    found: dict[tuple[object, ...], Term] = {}
    for at, one in enumerate(terms):
        operator = ":" if one.loose and one.name in by_colon else one.operator
        key = (operator, one.name) if operator in _LISTS else (at,)
        before = found.get(key)
        values = dict.fromkeys((*before.values, *one.values) if before else one.values)
        found[key] = replace(one, operator=operator, values=tuple(values))
    return tuple(found.values())


def printed(one: Term) -> str:
    """Return a term as EQL."""
    operator, name, values = one.operator, one.name, one.values
    match operator:
        case "is null":
            return f"{name} == null"
        case "is not null":
            return f"{name} != null"
        case "is":
            return f"{name} == {values[0]}"
        case "in~":
            return f"{name} in~ {words.listed(values)}"
        case "==" if len(values) > 1:
            return f"{name} in {words.listed(values)}"
        case "cidrMatch" | "startsWith" | "startsWith~" | "endsWith~":
            return f"{operator}({', '.join((name, *values))})"
        case _:
            return f"{name} {operator} {values[0] if len(values) == 1 else words.listed(values)}"


def _number(tree: FieldMatch, value: int | float, binding: Binding, resolved: ResolvedRule) -> str:
    if binding.type in TEXTUAL:
        return words.text(scalar_text(value))
    if not -LONG <= value < LONG:
        raise refused(tree, "a number beyond those that the field holds", "use a smaller one", resolved, WHO)
    return scalar_text(value)


def _whole(tree: FieldMatch, test: Text, resolved: ResolvedRule) -> int:
    """Return the whole number that a text is as a number's own text."""
    if re.fullmatch("0|-?[1-9][0-9]{0,18}", test.literal) is None:
        raise refused(tree, f"the text '{test.literal}' on a field of numbers", "write the number", resolved, WHO)
    return int(test.literal)


def _text(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> tuple[str, str, bool]:
    """Return operator and value of a text, and whether ``:`` would find the same."""
    literals = [part for part in test.parts if isinstance(part, str)]
    if sum(map(len, literals)) > IGNORE_ABOVE:
        what = f"a value of more than {IGNORE_ABOVE} characters, which the index does not keep"
        raise refused(tree, what, "shorten it", resolved, WHO)
    signs = any(sign in part for part in literals for sign in _SIGNS)
    if test.shape is Shape.EQUALS:
        return _equal(tree, test, binding, resolved, signs=signs)
    if lucene.has_spellings(test.parts) and not test.cased:
        return _expression(tree, _described(test), resolved)
    if signs and test.shape is Shape.STARTSWITH:
        return "startsWith" if test.cased else "startsWith~", words.text(test.literal), False
    if signs:
        return _expression(tree, _described(test), resolved)
    # '*' beside '*' means no more.
    parts = [part for at, part in enumerate(test.parts) if part is not Wild.MANY or test.parts[at - 1 : at] != (Wild.MANY,)]
    pattern = "".join(part.value if isinstance(part, Wild) else part for part in parts)
    return "like" if test.cased else ":", words.text(pattern), False


def _equal(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule, *, signs: bool) -> tuple[str, str, bool]:
    """Return how a whole text is compared: with regard to case where the field has one spelling or the text no case."""
    text = test.literal
    if test.cased:
        return "==", words.text(text), False
    if text.lower() == text.upper():
        return "==", words.text(text), bool(text) and not signs
    if binding.field.one_spelling:
        spelled = binding.spelling(text) if binding.field.values else fold(text)
        return "==", words.text(spelled), not signs and not lucene.has_spellings(test.parts)
    if lucene.has_spellings(test.parts):
        return _expression(tree, _described(test), resolved)
    return ("in~" if signs else ":"), words.text(text), False


def _described(test: Text) -> Expression:
    """Return a pattern of texts and wildcards as an expression for the whole value."""
    parts: list[Expression] = []
    for part in test.parts:
        match part:
            case Wild.MANY:
                parts.append(_ANYTHING)
            case Wild.ONE:
                parts.append(_CHARACTER)
            case str():
                parts.append(Literal(part, not test.cased))
            case _:
                assert_never(part)
    return Chain(tuple(parts))


def _search(tree: FieldMatch, test: Regex, resolved: ResolvedRule) -> tuple[str, str]:
    """Return operator and expression that find a pattern anywhere in a value."""
    operator, value, _ = _expression(tree, described(tree, test, resolved, WHO), resolved)
    return operator, value


def _expression(tree: FieldMatch, searched: Expression, resolved: ResolvedRule) -> tuple[str, str, bool]:
    """Return an expression for the whole value, in Lucene's words."""
    expression = written(tree, searched, lucene.of_expression, resolved, WHO)
    check_length(tree, len(expression.text), resolved, WHO)
    states(tree, searched, resolved, WHO)
    return "regex~" if expression.folded else "regex", words.raw(expression.text), False
