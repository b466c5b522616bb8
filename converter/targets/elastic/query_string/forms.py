"""How a text is asked of a field: where, in which words, and under which column of the table its fidelity stands.

A whole value is a phrase, a part of one a pattern; both compare with regard
to case.  Without it a text is asked of the field's caseless multi-field, else
as a regular expression that spells both cases, as long as one may be.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from converter.data import Binding
from converter.ir import EVERY, Chain, CharSet, Expression, Literal, Parts, Repeat, Shape, Text, Wild, fits, fold
from converter.model import node
from converter.targets.elastic import lucene
from converter.targets.elastic.effort import USUAL, states_needed
from converter.targets.elastic.index import TEXTUAL, path_of
from converter.targets.elastic.query_string.escape import expression, pattern, quoted


@node
class Form:
    """What stands for a text: the path that is asked, the values of which any is wanted, and the column of the table."""

    path: str
    values: tuple[str, ...]
    column: str


def form(test: Text, binding: Binding) -> Form:
    """Return how a text, which is not just any text, is asked of a field; a column that no table has where it cannot be."""
    if binding.type not in TEXTUAL:
        return _OTHERS.get(binding.type, _unfit)(test, binding)
    letters = has_case(test)
    if letters and test.cased and binding.lowered:
        return Form(binding.path, (), "lowered")
    flattened = binding.type == "flattened"
    if test.cased or not letters:
        return Form(binding.path, (_plain(test.parts),), "flattened_cased" if flattened else "cased")
    if binding.field.lower or (binding.field.values and not any(isinstance(one, Wild) for one in test.parts)):
        spelled = _mapped(test.parts, binding.spelling if binding.field.values else fold)
        return Form(binding.path, (_plain(spelled),), "flattened_cased" if flattened else "one_spelling")
    path = path_of(test, binding)
    if path != binding.path:
        return Form(path, (_plain(_mapped(test.parts, fold)),), "caseless")
    if flattened:
        # A part of a value has no spelling of its own: of a closed list those values are meant that it is a part of.
        listed = tuple(quoted(value) for value in binding.field.values if fits(test.parts, value, cased=False))
        return Form(binding.path, listed or (_plain(test.parts),), "flattened")
    both = expression(lucene.of_text(test.parts).text)
    if len(both) - len("//") > lucene.LONGEST:
        return Form(binding.path, (_plain(test.parts),), "too_long")
    return Form(binding.path, (both,), "keyword")


def has_case(test: Text) -> bool:
    """Say whether a text has a letter with two cases."""
    return test.has_case


def is_too_complex(test: Text) -> bool:
    """Say whether the engine refuses a pattern: behind a star each single character doubles the places where it may have begun."""
    if Wild.ONE not in test.parts or Wild.MANY not in test.parts:
        return False
    return states_needed(Chain(tuple(_as_expression(part, test.cased) for part in test.parts)), USUAL) is None


def _as_expression(part: str | Wild, cased: bool) -> Expression:
    if isinstance(part, str):
        return Literal(part, not cased)
    return CharSet(EVERY) if part is Wild.ONE else Repeat(CharSet(EVERY), 0, None)


def _plain(parts: Parts) -> str:
    """Return a text that is compared as it is written."""
    literals = [part for part in parts if isinstance(part, str)]
    return quoted("".join(literals)) if len(literals) == len(parts) else pattern(parts)


def _mapped(parts: Parts, change: Callable[[str], str]) -> Parts:
    return tuple(change(part) if isinstance(part, str) else part for part in parts)


def _unfit(test: Text, binding: Binding) -> Form:
    """Return the form of a text on a type that holds none."""
    return Form(binding.path, (), "no_value")


def _of_words(test: Text, binding: Binding) -> Form:
    """Return how a text is asked of the words of another: a phrase, or a part of one word."""
    literal = test.literal
    if test.shape is Shape.EQUALS and any(char.isascii() and char.isalnum() for char in literal):
        return Form(binding.path, (quoted(literal),), "text")
    if test.shape is Shape.CONTAINS and not test.cased and literal.isascii() and literal.replace("_", "a").isalnum():
        return Form(binding.path, (pattern(_mapped(test.parts, fold)),), "text")
    return _unfit(test, binding)


def _of_constant(test: Text, binding: Binding) -> Form:
    """Return how a text is asked of a field of one value: by equality alone, in which a star would be a wildcard."""
    if test.shape is not Shape.EQUALS or "*" in test.literal:
        return _unfit(test, binding)
    return Form(binding.path, (quoted(test.literal),), "constant_cased" if test.cased or not has_case(test) else "constant_keyword")


def _of_address(test: Text, binding: Binding) -> Form:
    """Return how an address is asked for; a text that is none the engine refuses, or finds nowhere."""
    try:
        address = ip_address(test.literal)
    except ValueError:
        return _unfit(test, binding)
    fit = test.shape is Shape.EQUALS and "%" not in test.literal
    return Form(binding.path, (quoted(str(address)),), "ip") if fit else _unfit(test, binding)


def _of_number(test: Text, binding: Binding) -> Form:
    """Return how a number's text is asked for: where it is the text that the number has."""
    try:
        same = str(int(test.literal)) == test.literal
    except ValueError:
        same = False
    return Form(binding.path, (quoted(test.literal),), "long") if same and test.shape is Shape.EQUALS else _unfit(test, binding)


def _of_truth(test: Text, binding: Binding) -> Form:
    """Return how the text of a truth value is asked for."""
    word = test.literal if test.cased else fold(test.literal)
    fit = word in ("true", "false") and test.shape is Shape.EQUALS
    return Form(binding.path, (word,), "boolean") if fit else _unfit(test, binding)


_OTHERS: Final[dict[str, Callable[[Text, Binding], Form]]] = {
    "text": _of_words,
    "match_only_text": _of_words,
    "constant_keyword": _of_constant,
    "ip": _of_address,
    "long": _of_number,
    "boolean": _of_truth,
}
"""Types other than those that hold whole texts."""
