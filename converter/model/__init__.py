"""The nouns that every stage shares.  Standard library only, frozen, no input or output."""

from converter.model.artifact import Artifact
from converter.model.correlation import TYPES, UNITS, Correlation, Criterion, Filter, Reference
from converter.model.diagnostics import Diagnostic, Severity, has_errors, ordered, printable
from converter.model.fidelity import Evidence, Fidelity, Loss, Status, joined
from converter.model.later import later
from converter.model.node import node
from converter.model.rule import LogSource, Related, Rule
from converter.model.source import LIMIT, Source, Span, pack, unpack

__all__ = [
    "LIMIT",
    "TYPES",
    "UNITS",
    "Artifact",
    "Correlation",
    "Criterion",
    "Diagnostic",
    "Evidence",
    "Fidelity",
    "Filter",
    "LogSource",
    "Loss",
    "Reference",
    "Related",
    "Rule",
    "Severity",
    "Source",
    "Span",
    "Status",
    "has_errors",
    "joined",
    "later",
    "node",
    "ordered",
    "pack",
    "printable",
    "unpack",
]
