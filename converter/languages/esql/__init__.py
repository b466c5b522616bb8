"""ES|QL, Elasticsearch's piped query language: read it, and run it by the engine's documented rules.

No engine was run: ``engine.yml`` says of each rule where it comes from.
"""

from converter.languages.esql.read import read, read_condition
from converter.languages.esql.syntax import Query

__all__ = ["Query", "read", "read_condition"]
