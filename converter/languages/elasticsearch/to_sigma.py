"""What the languages of the engine share on their way to Sigma: a field's place in the rule, tests of one value, losses, refusals.

Not part of the package's interface: only the languages' own ``to_sigma``
know our nodes, the index itself does not.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Final

from converter.ir import Cidr, FieldMatch, Node, Or, Parts, Text, Wild
from converter.languages.elasticsearch.analysis import tokens
from converter.languages.elasticsearch.fields import FLOATS, INTEGERS, KEYWORD_FAMILY
from converter.model import Diagnostic, Fidelity, Loss, Severity, Source, node

LOSSES: Final = {
    "text.word": (
        "value.contains",
        Fidelity.WIDER,
        "the index splits the field into words; the rule looks for the text anywhere, also inside words",
    ),
    "text.phrase": (
        "value.contains",
        Fidelity.MIXED,
        "the index splits the field into words and compares them one by one; the rule compares characters",
    ),
    "flattened.leading": (
        "value.wildcard",
        Fidelity.NARROWER,
        "on a flattened field the engine also finds the text under other keys of the object",
    ),
    "flattened.inner": ("value.wildcard", Fidelity.WIDER, "on a flattened field the engine finds nothing with a wildcard inside the value"),
    "number.decimal": ("value.number", Fidelity.WIDER, "the index drops decimals, so that the engine never finds this number"),
    "range.keyword": ("value.compare", Fidelity.MIXED, "if the index holds the field as text, the engine compares texts, the rule numbers"),
    "regex.end": ("value.regex", Fidelity.WIDER, "the rule also finds the value with a line feed behind it"),
}
"""What is lost in every language: the feature, the direction and the sentence."""


@node
class SigmaField:
    """What a field of the query is in the rule: its name there, its type in the index, and whether case counts.

    ``type`` is an Elasticsearch type; ``keyword`` when it is not known.
    ``cased`` is false when the field's values have one spelling only, or when
    the index folds case.
    """

    name: str
    type: str = "keyword"
    cased: bool = True

    @property
    def is_text(self) -> bool:
        """Whether its values are whole texts."""
        return self.type in KEYWORD_FAMILY

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.type in INTEGERS or self.type in FLOATS


class Inexpressible(Exception):  # noqa: N818 - never leaves the languages
    """Why a part of the query has no place in Sigma."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class Account:
    """What is told of a query: the losses so far, and the refusal that ends the import.

    ``words`` are the losses of the language beside ``LOSSES``; ``loss_code``
    and ``stop_code`` the codes of both.
    """

    source: Source
    words: dict[str, tuple[str, Fidelity, str]]
    loss_code: str
    stop_code: str
    losses: list[Loss] = field(default_factory=list)

    def lose(self, reason: str, offsets: int, negated: bool) -> None:
        """Note a loss; its direction turns round below an odd number of negations."""
        feature, direction, message = (LOSSES | self.words)[reason]
        self.losses.append(Loss(self.loss_code, feature, direction.negated if negated else direction, message, self.source.span(offsets)))

    def stop(self, reason: str, offsets: int, message: str, help: str = "") -> Inexpressible:
        """Return the exception that ends the import; the reason's name stands before the message's colon."""
        return Inexpressible(Diagnostic(self.stop_code, Severity.ERROR, self.source.span(offsets), f"{reason}: {message}", help))

    def address(self, text: str, offsets: int) -> Text | Cidr:
        """Return the test of an address or a network."""
        found = address(text)
        if found is None:
            raise self.stop("type", offsets, f"the engine finds no address {text[:60]!r}", "write an address or a network")
        return found

    def phrase(self, known: SigmaField, text: str, is_phrase: bool, offsets: int, negated: bool) -> Node:
        """Return the test of a value on a field that is split into words: all of a phrase together, else any of the words."""
        found = tokens(text)
        if not found:
            raise self.stop("words", offsets, "the value has no word, so that the engine finds nothing", "remove it")
        if is_phrase and len(found) > 1:
            self.lose("text.phrase", offsets, negated)
            return FieldMatch(known.name, Text(around((text,))), offsets)
        self.lose("text.word", offsets, negated)
        return one_of(tuple(FieldMatch(known.name, Text(around((word,))), offsets) for word in found), offsets)


def address(text: str) -> Text | Cidr | None:
    """Return the test of an address or a network; ``None`` for other texts."""
    try:
        if "/" in text:
            return Cidr(str(ipaddress.ip_network(text, strict=False)))
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    # An address of version 6 has several spellings.
    return Text((text,)) if found.version == 4 else Cidr(f"{found}/128")


def literal(text: str) -> Parts:
    """Return a text as a pattern without wildcards."""
    return (text,) if text else ()


def around(parts: Parts) -> Parts:
    """Return the pattern with any text before and after it."""
    return single_stars((Wild.MANY, *parts, Wild.MANY))


def single_stars(parts: Parts) -> Parts:
    """Return the pattern with one star for several side by side."""
    return tuple(one for at, one in enumerate(parts) if not (one is Wild.MANY and at and parts[at - 1] is Wild.MANY))


def one_of(tests: tuple[Node, ...], offsets: int) -> Node:
    """Return tests of which one must hold."""
    return tests[0] if len(tests) == 1 else Or(tests, offsets)
