"""What an index of Elasticsearch's holds of a value: the types that keep whole texts, their bounds, and where a text is looked for."""

from __future__ import annotations

from typing import Final

from converter.data import Binding
from converter.ir import Text, fold

IGNORE_ABOVE: Final = 1024
"""Characters of a keyword that the index keeps; a longer value is not indexed."""
LONG: Final = 2**63
"""Where a long ends; Elasticsearch refuses a query that orders by a number beyond it, and finds none equal to it."""
WHOLE: Final = ("keyword", "wildcard")
"""Types whose index holds whole texts, with regard to case."""
TEXTUAL: Final = (*WHOLE, "flattened")
"""Types whose index holds every value as its text."""


def path_of(test: Text, binding: Binding) -> str:
    """Return where a text is looked for: in the caseless multi-field when case does not matter and lower case is the oracle's fold.

    The normalizer folds each character by itself, the Kelvin sign and the
    dotted capital I to ASCII letters, which the oracle never does.
    """
    if test.cased or not binding.caseless or binding.field.one_spelling:
        return binding.path
    literals = [part for part in test.parts if isinstance(part, str)]
    plain = all(part.isascii() or all(fold(char) == char.lower() for char in part) for part in literals)
    return binding.caseless if literals and plain else binding.path


def is_too_long(test: Text) -> bool:
    """Whether a text has more characters than the index keeps of a value."""
    length = 0
    for part in test.parts:
        if isinstance(part, str):
            length += len(part)
    return length > IGNORE_ABOVE
