"""What the languages of one engine share: an Elasticsearch mapping, the documents that it indexes, and a test on one field.

No language: KQL, its filters and Lucene's query strings ask the same index.
``compile_mapping`` gives the field types of an index, ``index_all`` what the
engine keeps of documents; ``equals``, ``compares`` and the other tests say
what one value of a query means on one type of field, ``parse`` and
``Automaton`` what a regular expression describes.
"""

from converter.languages.elasticsearch.analysis import folded, tokens
from converter.languages.elasticsearch.atoms import (
    Parts,
    Predicate,
    Value,
    always,
    any_value,
    begins,
    between,
    compares,
    equals,
    everything,
    exists,
    glob,
    java_text,
    matches,
    never,
    resembles,
    searchable,
    starred,
)
from converter.languages.elasticsearch.automaton import USUAL_STATES, Automaton
from converter.languages.elasticsearch.dates import instant
from converter.languages.elasticsearch.document import Document, index, index_all, stored, utf16_length
from converter.languages.elasticsearch.fields import (
    DATES,
    FLOATS,
    INTEGERS,
    KEYWORD_FAMILY,
    STRINGS,
    TOKENIZED,
    UNSEARCHED,
    FieldType,
    Mapping,
    ObjectType,
)
from converter.languages.elasticsearch.mapping import compile_mapping
from converter.languages.elasticsearch.refusal import Refusal
from converter.languages.elasticsearch.regexp import (
    ANY,
    MAX_LENGTH,
    Chars,
    Choice,
    Expression,
    Join,
    Ranges,
    Repeat,
    complement,
    folds_differently,
    parse,
)
from converter.languages.elasticsearch.regexp import folded as folded_expression
from converter.languages.elasticsearch.searched import in_row, searched
from converter.languages.elasticsearch.wildcard import Star, Wild, fits, matcher

__all__ = [
    "ANY",
    "DATES",
    "FLOATS",
    "INTEGERS",
    "KEYWORD_FAMILY",
    "MAX_LENGTH",
    "STRINGS",
    "TOKENIZED",
    "UNSEARCHED",
    "USUAL_STATES",
    "Automaton",
    "Chars",
    "Choice",
    "Document",
    "Expression",
    "FieldType",
    "Join",
    "Mapping",
    "ObjectType",
    "Parts",
    "Predicate",
    "Ranges",
    "Refusal",
    "Repeat",
    "Star",
    "Value",
    "Wild",
    "always",
    "any_value",
    "begins",
    "between",
    "compares",
    "compile_mapping",
    "complement",
    "equals",
    "everything",
    "exists",
    "fits",
    "folded",
    "folded_expression",
    "folds_differently",
    "glob",
    "in_row",
    "index",
    "index_all",
    "instant",
    "java_text",
    "matcher",
    "matches",
    "never",
    "parse",
    "resembles",
    "searchable",
    "searched",
    "starred",
    "stored",
    "tokens",
    "utf16_length",
]
