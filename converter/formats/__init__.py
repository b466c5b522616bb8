"""Container formats that several stages read: YAML, TOML and JSON with positions."""

from converter.formats.json import read_json
from converter.formats.toml import read_toml
from converter.formats.yaml import Document, Map, Seq, decode, read, read_text

__all__ = ["Document", "Map", "Seq", "decode", "read", "read_json", "read_text", "read_toml"]
