"""A page's KQL query as a detection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from converter.data import ecs_types
from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, Shape, Text, atoms, evaluate
from converter.ir.detection import detection_of
from converter.languages import kql
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.readers.elastic_docs.page import Page
from converter.readers.elastic_docs.source import Choice, choose, without_guard


@dataclass(frozen=True, slots=True)
class Detection:
    """A query in Sigma.  ``section`` is ``None`` where Sigma cannot say it, for the reason in ``problem``."""

    choice: Choice
    section: Mapping[str, object] | None = None
    losses: tuple[Loss, ...] = ()
    problem: Diagnostic | None = None


def read_query(page: Page) -> kql.Query | Diagnostic:
    """Return the page's query as a tree; its places are the page's lines and columns.

    The query stands below as many empty lines as the page has above it, so
    that the language's reader points into the page by itself.
    """
    above = page.source.text.count("\n", 0, page.query_at)
    return kql.read("\n" * above + (page.query or ""), page.source.path)


def detection(page: Page, query: kql.Query) -> Detection:
    """Return the detection that means the query, without the condition that belongs to the log source."""
    plain = kql.to_sigma(query, _ecs)
    if isinstance(plain, Diagnostic):
        return Detection(choose(page, None), problem=plain)
    choice = choose(page, plain[0])
    result = kql.to_sigma(query, _names(choice))
    if isinstance(result, Diagnostic):
        return Detection(choice, problem=result)
    tree, losses = result
    rest = without_guard(tree, choice)
    if rest is None:
        message = f"the query asks for the whole data set: nothing is left of it without {' and '.join(choice.guard)}"
        return Detection(choice, problem=Diagnostic("R119", Severity.WARNING, page.span("query"), message))
    if choice.known is not None and not choice.is_shown and evaluate(rest, {}):
        message = "the query does not name the data set, the rule's log source does: other data sets of the index are left out"
        losses = (*losses, Loss("R116", "logsource", Fidelity.NARROWER, message, page.span("query")))
    section = detection_of(_spelled(rest, choice)) if _is_text(rest) else None
    if section is None:
        message = "Sigma has no way to write this query: a field's name holds '|', a text is no Unicode, or it is nested too deep"
        return Detection(choice, problem=Diagnostic("R119", Severity.WARNING, page.span("query"), message))
    return Detection(choice, section, tuple(losses))


def _is_text(tree: Node) -> bool:
    r"""Whether every text can stand in a file: KQL's ``\ud800`` alone is no character."""
    texts = [part for one in atoms(tree) if isinstance(one.test, Text) for part in one.test.parts if isinstance(part, str)]
    texts += [one.field for one in atoms(tree) if isinstance(one, FieldMatch)]
    return not any("\ud800" <= char <= "\udfff" for text in texts for char in text)


def _ecs(field: str) -> kql.SigmaField:
    return kql.SigmaField(field, ecs_types().get(field, "keyword"), cased=True)


def _names(choice: Choice) -> Callable[[str], kql.SigmaField]:
    """Return how a field of the query is called in the rule."""

    def name(field: str) -> kql.SigmaField:
        binding = choice.bindings.get(field)
        if binding is None:
            return _ecs(field)
        return kql.SigmaField(binding.field.name if choice.is_native else field, binding.type, cased=True)

    return name


def _spelled(tree: Node, choice: Choice) -> Node:
    """Return the tree without regard to case where the producer has one spelling only and the query uses it."""
    match tree:
        case FieldMatch(_, Text() as test):
            return replace(tree, test=replace(test, cased=False)) if test.cased and _has_one_spelling(tree.field, test, choice) else tree
        case FieldMatch() | Keyword():
            return tree
        case And(children):
            return And(tuple(_spelled(one, choice) for one in children), tree.offsets)
        case Or(children):
            return Or(tuple(_spelled(one, choice) for one in children), tree.offsets)
        case Not(child):
            return Not(_spelled(child, choice), tree.offsets)
    assert_never(tree)


def _has_one_spelling(field: str, test: Text, choice: Choice) -> bool:
    found = (one for path, one in choice.bindings.items() if field == (one.field.name if choice.is_native else path))
    binding = next(found, None)
    if binding is None or not binding.field.one_spelling:
        return False
    if test.shape is Shape.EQUALS:
        return binding.spelling(test.literal) == test.literal
    return binding.field.lower and all(part == part.lower() and part.isascii() for part in test.parts if isinstance(part, str))
