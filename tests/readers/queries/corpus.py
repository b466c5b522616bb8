"""Queries of Elastic's published rules."""

from __future__ import annotations

import tomllib
from pathlib import Path


def query_of(path: Path) -> str:
    """Return a rule's query."""
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["rule"]["query"])


def sequences(corpora: Path) -> list[Path]:
    """Return the rule files whose EQL asks of several events."""
    found = []
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        text = path.read_text(encoding="utf-8")
        if 'language = "eql"' in text and ("sequence" in text or "sample" in text):
            query = "\n".join(line for line in query_of(path).splitlines() if not line.lstrip().startswith("//")).lstrip()
            if query.startswith(("sequence", "sample", "/*")) and ("sequence" in query or "sample" in query):
                found.append(path)
    return found
