"""Elastic: print a resolved rule as ES|QL, a pipe of commands over the columns of an index.

``query`` is a whole rule for single events, ``where`` the condition alone,
for a pipe that goes on behind it (a correlation).  A test on a missing field
is neither true nor false there, so a negated one says what becomes of it; a
field of several values is asked through the functions that look at each.
"""

from converter.targets.elastic.esql.condition import condition
from converter.targets.elastic.esql.losses import losses
from converter.targets.elastic.esql.query import METADATA, indices, query, source, where
from converter.targets.elastic.esql.versions import as_of, min_stack
from converter.targets.elastic.esql.words import name, text

LANGUAGE = "esql"
"""The language as Kibana names it."""

__all__ = ["LANGUAGE", "METADATA", "as_of", "condition", "indices", "losses", "min_stack", "name", "query", "source", "text", "where"]
