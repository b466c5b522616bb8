"""Lucene's query strings, as Kibana's "lucene" language and detection rules send them: read one, run it, give it to Sigma.

``read`` gives the tree of a text; ``run`` answers over documents, as
``compile_query`` and ``matches`` do on indexed ones; ``check`` tells why there
is no answer.  Mistakes come back as diagnostics.
"""

from converter.languages.elasticsearch import Document, FieldType, Mapping, compile_mapping, index, index_all
from converter.languages.elasticsearch.to_sigma import SigmaField
from converter.languages.lucene.evaluate import check, compile_query, matches
from converter.languages.lucene.losses import REASONS
from converter.languages.lucene.read import read
from converter.languages.lucene.run import run
from converter.languages.lucene.syntax import Clause, Expression, Fuzzy, Group, MatchAll, Pattern, Phrase, Prefix, Query, Range, Words
from converter.languages.lucene.to_sigma import to_sigma

__all__ = [
    "REASONS",
    "Clause",
    "Document",
    "Expression",
    "FieldType",
    "Fuzzy",
    "Group",
    "Mapping",
    "MatchAll",
    "Pattern",
    "Phrase",
    "Prefix",
    "Query",
    "Range",
    "SigmaField",
    "Words",
    "check",
    "compile_mapping",
    "compile_query",
    "index",
    "index_all",
    "matches",
    "read",
    "run",
    "to_sigma",
]
