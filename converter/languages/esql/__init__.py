"""ES|QL, Elasticsearch's piped query language: read it, and run it by the engine's documented rules.

``read`` gives the tree of a text, ``run`` the table that a query makes of
documents, ``found`` which documents are in it.  No engine was run:
``engine.yml`` says of each rule where it comes from.
"""

from converter.languages.esql.columns import Row, Table
from converter.languages.esql.read import read, read_condition
from converter.languages.esql.run import found, run
from converter.languages.esql.syntax import (
    Among,
    And,
    Arithmetic,
    Call,
    Cast,
    Column,
    Command,
    Comparison,
    Duration,
    Expression,
    Field,
    From,
    IsNull,
    Like,
    Literal,
    Match,
    Negative,
    Not,
    Or,
    Query,
    Stats,
    Where,
    children_of,
    fields_of,
    filtered_by,
)
from converter.languages.esql.values import Address, Moment, Value

__all__ = [
    "Address",
    "Among",
    "And",
    "Arithmetic",
    "Call",
    "Cast",
    "Column",
    "Command",
    "Comparison",
    "Duration",
    "Expression",
    "Field",
    "From",
    "IsNull",
    "Like",
    "Literal",
    "Match",
    "Moment",
    "Negative",
    "Not",
    "Or",
    "Query",
    "Row",
    "Stats",
    "Table",
    "Value",
    "Where",
    "children_of",
    "fields_of",
    "filtered_by",
    "found",
    "read",
    "read_condition",
    "run",
]
