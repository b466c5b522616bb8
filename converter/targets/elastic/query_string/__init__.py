"""Elastic's "lucene" language: a rule as a query string, and what that loses.

``query`` prints, ``losses`` says by the table what each atom loses there.
Nothing printed relies on the engine's forgiveness of a value that does not
fit its field: an index that names its default fields does not forgive.
"""

from converter.targets.elastic.query_string.clauses import query
from converter.targets.elastic.query_string.losses import losses

__all__ = ["losses", "query"]
