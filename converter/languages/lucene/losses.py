"""Why a query string is not Sigma, and what one loses that is: the words for people."""

from __future__ import annotations

from typing import Final

from converter.model import Fidelity

REASONS: Final = {
    "field": "Sigma has no wildcards in field names, and looks for nothing but texts where no field is named",
    "no field": "the rule has no such field",
    "date": "Sigma has no dates",
    "type": "on a field of this type the engine finds nothing, or refuses",
    "words": "a value without words, for which the clause is as if it were not there",
    "every document": "a condition that always holds, or never does",
    "expression": "a regular expression that Sigma's do not say",
    "fuzzy": "Sigma has no fuzzy comparison, and no distance between words",
    "order of texts": "Sigma compares numbers only",
}
"""Why a query is refused."""

LOSSES: Final = {
    "free_text": ("keyword", Fidelity.MIXED, "free text is looked for in every field by that field's type; the rule looks in all values"),
    "range.list": ("value.compare", Fidelity.WIDER, "of a list, one value must lie in the range; for the rule two may share its ends"),
}
"""What is lost beside what all languages of the engine lose: the feature, the direction and the sentence."""
