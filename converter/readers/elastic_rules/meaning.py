"""What a rule's query and filters mean: a detection under the log source's names, or the reason why there is none.

What a query says of its data set belongs to the log source.  Values compare
with regard to case, as the engine compares them, unless their producer has
one spelling only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from converter.data import elastic_type
from converter.ir import And, Boolean, Cidr, FieldMatch, Keyword, Node, Not, Or, Shape, Text, atoms, evaluate
from converter.ir.detection import detection_of
from converter.languages import eql
from converter.model import Diagnostic, Fidelity, Loss, Severity, Span, pack
from converter.readers.elastic_rules.embedded import Embedded
from converter.readers.elastic_rules.fields import type_of
from converter.readers.elastic_rules.filters import FilterNodes
from converter.readers.elastic_rules.query import Known, Query, Resolve, Unsaid, said
from converter.readers.elastic_rules.source import Choice, choose, without_guard

CATEGORY: Final = "event.category"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule asks: the query, where it stands, the filters beside it, and what tells its log source.

    ``category`` is the field of an event's category, which EQL's first word asks.
    """

    query: Query
    text: Embedded
    index: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str = CATEGORY
    filters: FilterNodes | None = None

    @property
    def query_offsets(self) -> int:
        """The offsets of the whole query in its own text."""
        return pack(0, len(self.text.text))


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query in Sigma.  ``section`` is ``None`` where Sigma cannot say it, for the reason in ``reason`` and ``problem``."""

    choice: Choice
    section: Mapping[str, object] | None = None
    losses: tuple[Loss, ...] = ()
    reason: str = ""
    problem: Diagnostic | None = None

    @property
    def taxonomy(self) -> str | None:
        """The vocabulary of the detection's names: ``None`` for the event's own."""
        return None if self.section is None or self.choice.is_native else "ecs"


def meaning(asked: Asked) -> Meaning:
    """Return the detection that means a query of single events, without the condition that belongs to the log source."""
    plain = said(asked.query, _plain, asked.category)
    if isinstance(plain, Unsaid):
        return _unsaid(asked, choose(asked.index, asked.tags, None), plain)
    filters = asked.filters.nodes(_plain) if asked.filters else ()
    choice = choose(asked.index, asked.tags, _joined(plain.node, filters))
    result = said(asked.query, names(choice), asked.category)
    if isinstance(result, Unsaid):
        return _unsaid(asked, choice, result)
    return _detection(asked, choice, result.node, asked.text.losses(result.losses))


def _unsaid(asked: Asked, choice: Choice, unsaid: Unsaid) -> Meaning:
    return Meaning(choice, reason=unsaid.reason, problem=asked.text.diagnostic(unsaid.diagnostic))


def _detection(asked: Asked, choice: Choice, node: Node, losses: tuple[Loss, ...]) -> Meaning:
    place = asked.text.place
    filters = asked.filters.nodes(names(choice)) if asked.filters else ()
    rest = without_guard(_joined(node, filters), choice)
    if rest is None:
        message = f"the query asks for the whole data set: nothing is left of it without {' and '.join(choice.guard)}"
        return Meaning(choice, reason="every document", problem=Diagnostic("R119", Severity.WARNING, place, message))
    if asked.filters:
        losses = (*losses, *asked.filters.losses(names(choice)))
    if choice.is_native and not choice.is_shown and evaluate(rest, {}):
        message = "the query does not name the data set, the rule's log source does: other data sets of the index are left out"
        losses = (*losses, Loss("R116", "logsource", Fidelity.NARROWER, message, place))
    losses = (*losses, *untyped(rest, choice, asked))
    section = written(rest, choice)
    if section is None:
        return Meaning(choice, reason="unwritable", problem=unwritable(place))
    return Meaning(choice, section, losses)


def written(node: Node, choice: Choice) -> Mapping[str, object] | None:
    """Return the detection section of a condition; ``None`` when Sigma cannot write it."""
    names_ = (one.field for one in atoms(node) if isinstance(one, FieldMatch))
    is_named = not any(name.endswith(".") for name in names_)
    return detection_of(_spelled(node, choice)) if is_named and _is_text(node) else None


def untyped(node: Node, choice: Choice, asked: Asked) -> tuple[Loss, ...]:
    """Return a loss for each field that the query compares with true or false, and of which nobody says that it is a truth value."""
    names = [atom.field for atom in atoms(node) if isinstance(atom, FieldMatch) and isinstance(atom.test, Boolean)]
    found = dict.fromkeys(name for name in names if not choice.is_native and not elastic_type(name))
    code = "R287" if isinstance(asked.query, eql.Query) else "R207"
    message = "if the index holds the field '{}' as text, the engine compares texts or refuses the query, the rule truth values"
    return tuple(Loss(code, "value.boolean", Fidelity.UNKNOWN, message.format(name), asked.text.place) for name in found)


def _is_address(field: str, choice: Choice) -> bool:
    """Whether an index holds the values of a field of the rule as addresses, however they are spelled."""
    if not choice.is_native:
        return (choice.bindings[field].type if field in choice.bindings else type_of(field)) == "ip"
    return any(one.field.name == field and one.type == "ip" for one in choice.bindings.values())


def _network(test: Text) -> Cidr | None:
    """Return a whole address as the network of it alone, which has no spellings."""
    try:
        return Cidr(str(ipaddress.ip_network(test.literal))) if test.shape is Shape.EQUALS else None
    except ValueError:
        return None


def unwritable(place: Span) -> Diagnostic:
    """Return what is told where ``written`` gives nothing."""
    message = (
        "Sigma has no way to write this query: a field's name holds '|' or ends in a dot, a text is no Unicode, or it is nested too deep"
    )
    return Diagnostic("R119", Severity.WARNING, place, message)


def _joined(node: Node, filters: tuple[Node, ...]) -> Node:
    """Return a condition and filters as one conjunction, without conjunctions inside of it."""
    parts = tuple(_conjuncts(node)) + tuple(part for one in filters for part in _conjuncts(one))
    return parts[0] if len(parts) == 1 else And(parts)


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, And):
        for one in node.children:
            yield from _conjuncts(one)
    else:
        yield node


def _is_text(tree: Node) -> bool:
    r"""Whether every text can stand in a file: KQL's ``\ud800`` alone is no character."""
    texts = [part for one in atoms(tree) if isinstance(one.test, Text) for part in one.test.parts if isinstance(part, str)]
    texts += [one.field for one in atoms(tree) if isinstance(one, FieldMatch)]
    return not any("\ud800" <= char <= "\udfff" for text in texts for char in text)


def _plain(field: str) -> Known:
    return Known(field, type_of(field))


def names(choice: Choice) -> Resolve:
    """Return how a field of the query is called in the rule."""

    def name(field: str) -> Known:
        binding = choice.bindings.get(field)
        if binding is None:
            return _plain(field)
        return Known(binding.field.name if choice.is_native else field, binding.type)

    return name


def _spelled(tree: Node, choice: Choice) -> Node:
    """Return the tree without regard to spelling: to case where the producer has one only and the query uses it, and of addresses."""
    match tree:
        case FieldMatch(field, Text() as test):
            if test.cased and not _has_case(test):
                test = replace(test, cased=False)
            if _is_address(field, choice) and (network := _network(test)):
                return replace(tree, test=network)
            return replace(tree, test=replace(test, cased=test.cased and not _has_one_spelling(field, test, choice)))
        case FieldMatch(field, Boolean(value)) if not choice.is_native and elastic_type(field) in ("keyword", "wildcard"):
            # KQL's true is the text of that word where the index holds texts.
            return replace(tree, test=Text(("true" if value else "false",), cased=True))
        case FieldMatch() | Keyword():
            return tree
        case And(children):
            return And(tuple(_spelled(one, choice) for one in children), tree.offsets)
        case Or(children):
            return Or(tuple(_spelled(one, choice) for one in children), tree.offsets)
        case Not(child):
            return Not(_spelled(child, choice), tree.offsets)
    assert_never(tree)


def _has_case(test: Text) -> bool:
    """Whether a letter of the text has another case."""
    return any(part.lower() != part or part.upper() != part for part in test.parts if isinstance(part, str))


def _has_one_spelling(field: str, test: Text, choice: Choice) -> bool:
    found = (one for path, one in choice.bindings.items() if field == (one.field.name if choice.is_native else path))
    binding = next(found, None)
    if not choice.is_native or binding is None or not binding.field.one_spelling:
        return False
    if test.shape is Shape.EQUALS:
        return binding.spelling(test.literal) == test.literal
    return binding.field.lower and all(part == part.lower() and part.isascii() for part in test.parts if isinstance(part, str))
