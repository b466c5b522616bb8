"""Container formats that several stages read: YAML, TOML and JSON with positions."""

from typing import TYPE_CHECKING

from converter.formats.yaml import Document, Map, Seq, decode, read, read_text
from converter.model import later

if TYPE_CHECKING:
    from converter.formats.json import read_json
    from converter.formats.toml import read_toml

__getattr__ = later(__name__, {"json": ("read_json",), "toml": ("read_toml",)})

__all__ = ["Document", "Map", "Seq", "decode", "read", "read_json", "read_text", "read_toml"]
