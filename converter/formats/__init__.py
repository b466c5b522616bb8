"""Container formats that several stages read: YAML with positions."""

from converter.formats.yaml import Document, Map, Seq, decode, read, read_text

__all__ = ["Document", "Map", "Seq", "decode", "read", "read_text"]
