"""EQL, Elasticsearch's Event Query Language: read it, run it by the engine's documented rules, and give it to Sigma.

``read`` gives the tree of a text, ``compile_mapping`` the fields of an index,
``run`` what a query finds in documents (sequences and samples too), and
``compile_event`` the answer for one indexed document.  No engine was run:
``engine.yml`` says of each rule where it comes from.
"""

from converter.languages.elasticsearch import FieldType
from converter.languages.eql.document import Document, Roles, index
from converter.languages.eql.mapping import Mapping, compile_mapping, mapping_of
from converter.languages.eql.read import read
from converter.languages.eql.run import check, compile_event, run
from converter.languages.eql.sequences import Match
from converter.languages.eql.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Event,
    Expression,
    Field,
    Literal,
    Lookup,
    Negative,
    Not,
    Or,
    Pipe,
    Query,
    Sample,
    Sequence,
    Step,
    fields_of,
)
from converter.languages.eql.to_sigma import Plan, PlanStep, SigmaField, plan, to_sigma

__all__ = [
    "And",
    "Arithmetic",
    "Call",
    "Comparison",
    "Document",
    "Event",
    "Expression",
    "Field",
    "FieldType",
    "Literal",
    "Lookup",
    "Mapping",
    "Match",
    "Negative",
    "Not",
    "Or",
    "Pipe",
    "Plan",
    "PlanStep",
    "Query",
    "Roles",
    "Sample",
    "Sequence",
    "SigmaField",
    "Step",
    "check",
    "compile_event",
    "compile_mapping",
    "fields_of",
    "index",
    "mapping_of",
    "plan",
    "read",
    "run",
    "to_sigma",
]
