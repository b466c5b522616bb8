"""An index's mappings in a file, as options take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_mappings(fields: str) -> Any:  # noqa: ANN401 - JSON, or a Diagnostic
    """Return the mappings object of a file: the object itself, or what the index API answers; a diagnostic for no JSON (R020, R052)."""
    from converter.model import Diagnostic, Severity, Source
    from converter.pack import read_bytes, unreadable

    try:
        mappings = json.loads(read_bytes(Path(fields)))
    except OSError as error:
        return unreadable(fields, error)
    except (ValueError, RecursionError) as error:
        message = f"the mappings are not JSON: {error}"
        return Diagnostic("R052", Severity.ERROR, Source(fields, "").start, message, help="give the index's mappings object")
    if isinstance(mappings, dict) and isinstance(mappings.get("mappings"), dict):
        return mappings["mappings"]
    return mappings
