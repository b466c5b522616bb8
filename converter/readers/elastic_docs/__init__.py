"""Pages of Elastic's documentation of prebuilt rules: what they show, and the canonical rule that follows from it."""

from converter.readers.elastic_docs.page import Attack, Page, Reference, Technique, Threat
from converter.readers.elastic_docs.read import MAX_BYTES, read_page

__all__ = ["MAX_BYTES", "Attack", "Page", "Reference", "Technique", "Threat", "read_page"]
