"""Real rules through pySigma's objects and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.ir import lower_piped
from converter.pack import load_pack
from converter.targets import Pipeline
from converter.targets.pysigma.document import fresh, origin
from converter.targets.pysigma.pipeline import combined

IDLE = Pipeline("idle", {"transformations": [{"type": "set_state", "key": "k", "val": 1}]})


@pytest.mark.corpus
def test_an_idle_pipeline_changes_nothing(corpora: Path) -> None:
    """The tree behind a pipeline that does nothing is the rule's own, places and modifiers included."""
    different, count = [], 0
    for loaded in load_pack([corpora / "sigmahq"]).rules:
        if loaded.tree is None:
            continue
        count += 1
        sigma = combined([IDLE]).apply(fresh(loaded.rule))
        if lower_piped(sigma, loaded.rule, origin) != loaded.tree:
            different.append(loaded.file.name)
    assert count > 3000
    assert different == []
