"""A pack's own fields: its ``fields/*.yml``, and the lists from which they are made, as the user's systems give them."""

from converter.readers.fields.file import ROWS, SIZE, read_fields

__all__ = ["ROWS", "SIZE", "read_fields"]
