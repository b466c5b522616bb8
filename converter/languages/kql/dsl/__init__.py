"""The part of Elasticsearch's query DSL that filters of detection rules are written in: read it, and run it on documents.

``read_filters`` takes the ``filters`` of a rule as a reader with positions
gives them, ``run`` answers over documents; both refuse what they do not know,
because an answer given without it could be wrong.
"""

from converter.languages.elasticsearch import Wild
from converter.languages.kql.dsl.evaluate import compile_filters, run
from converter.languages.kql.dsl.read import read_filters, read_query
from converter.languages.kql.dsl.syntax import Bool, Exists, Filters, MatchAll, Prefix, Range, Regexp, Term, Tree, Wildcard

__all__ = [
    "Bool",
    "Exists",
    "Filters",
    "MatchAll",
    "Prefix",
    "Range",
    "Regexp",
    "Term",
    "Tree",
    "Wild",
    "Wildcard",
    "compile_filters",
    "read_filters",
    "read_query",
    "run",
]
