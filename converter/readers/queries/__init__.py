"""Single queries of Elastic's languages: a text and its log source become the canonical rule that asks the same."""

from converter.readers.queries.fields import Types, mapped_types, source_types
from converter.readers.queries.importer import MAX_BYTES, import_query, import_query_bytes, refused
from converter.readers.queries.place import LANGUAGES, read_logsource, title_of

__all__ = [
    "LANGUAGES",
    "MAX_BYTES",
    "Types",
    "import_query",
    "import_query_bytes",
    "mapped_types",
    "read_logsource",
    "refused",
    "source_types",
    "title_of",
]
