"""Pages of Elastic's documentation of prebuilt rules: what they show, and the canonical rule that follows from it."""

from converter.readers.elastic_docs.canonical import to_canonical
from converter.readers.elastic_docs.importer import import_file, import_page
from converter.readers.elastic_docs.page import Page, Reference
from converter.readers.elastic_docs.read import MAX_BYTES, read_page
from converter.readers.elastic_rules import Attack, Imported, Outcome, Technique, Threat

__all__ = [
    "MAX_BYTES",
    "Attack",
    "Imported",
    "Outcome",
    "Page",
    "Reference",
    "Technique",
    "Threat",
    "import_file",
    "import_page",
    "read_page",
    "to_canonical",
]
