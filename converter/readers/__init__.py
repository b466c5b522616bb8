"""File formats in: each reader takes bytes and returns rules and diagnostics."""

from converter.readers.schema import check as check_schema
from converter.readers.schema import schema
from converter.readers.sigma import derived_id, read_rules

__all__ = ["check_schema", "derived_id", "read_rules", "schema"]
