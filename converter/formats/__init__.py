"""Container formats that several stages read: YAML and TOML with positions."""

from converter.formats.toml import read_toml
from converter.formats.yaml import Document, Map, Seq, decode, read, read_text

__all__ = ["Document", "Map", "Seq", "decode", "read", "read_text", "read_toml"]
