"""KQL (kuery), Kibana's query language: read it, run it by Elasticsearch's rules, and give it to Sigma.

``read`` gives the tree of a text, ``compile_mapping`` the field types of an
index, ``index`` and ``index_all`` what the engine keeps of documents, and
``matches`` or ``compile_query`` the answer; ``check`` tells why the engine
would refuse.  Mistakes come back as diagnostics.
"""

from converter.languages.elasticsearch import Document, FieldType, Mapping, ObjectType, Star, compile_mapping, index, index_all
from converter.languages.elasticsearch.to_sigma import SigmaField
from converter.languages.kql.evaluate import Kibana, check, compile_query, matches
from converter.languages.kql.read import read
from converter.languages.kql.run import run
from converter.languages.kql.syntax import And, Is, Literal, MatchAll, Nested, Not, Or, Pattern, Query, Range, Tree, Word
from converter.languages.kql.to_sigma import to_sigma

__all__ = [
    "And",
    "Document",
    "FieldType",
    "Is",
    "Kibana",
    "Literal",
    "Mapping",
    "MatchAll",
    "Nested",
    "Not",
    "ObjectType",
    "Or",
    "Pattern",
    "Query",
    "Range",
    "SigmaField",
    "Star",
    "Tree",
    "Word",
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
