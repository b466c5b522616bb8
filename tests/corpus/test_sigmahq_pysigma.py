"""Real rules through pySigma's objects and back, and through its backends."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from converter.ir import lower_piped
from converter.pack import Policy, compile_rule, load_pack
from converter.targets import Pipeline, target
from converter.targets.pysigma.document import fresh, origin
from converter.targets.pysigma.pipeline import combined

IDLE = Pipeline("idle", {"transformations": [{"type": "set_state", "key": "k", "val": 1}]})


@pytest.mark.corpus
def test_an_idle_pipeline_changes_nothing(corpora: Path) -> None:
    """The tree behind a pipeline that does nothing is the rule's own, places and modifiers included."""
    different, count = [], 0
    for loaded in load_pack([corpora / "corpora/sigmahq"]).rules:
        if loaded.tree is None:
            continue
        count += 1
        sigma = combined([IDLE]).apply(fresh(loaded.rule))
        if lower_piped(sigma, loaded.rule, origin) != loaded.tree:
            different.append(loaded.file.name)
    assert count > 3000
    assert different == []


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("pipeline", ["", "splunk_windows"])
def test_the_bridge_prints_what_pysigma_prints(corpora: Path, pipeline: str) -> None:
    """A backend's query, or its error, is what pySigma makes of the file by itself."""
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.pipelines.splunk import splunk_windows_pipeline

    bridge, policy = target("pysigma-splunk"), Policy(pipelines=[Pipeline(pipeline)] if pipeline else [])
    different, counts = [], {True: 0, False: 0}
    for loaded in load_pack([corpora / "corpora/sigmahq"]).rules:
        document = yaml.load(loaded.file.path.read_bytes(), Loader=yaml.CSafeLoader)
        try:
            backend = SplunkBackend(splunk_windows_pipeline() if pipeline else None)
            theirs = "\n\n".join(backend.convert(SigmaCollection.from_dicts([document])))
        except SigmaError as error:
            theirs = str(error.args[0])
        outcome = compile_rule(loaded, bridge, {}, frozenset(), policy)
        counts[outcome.allowed] += 1
        ours = outcome.compilation.parts["query"] if outcome.compilation and outcome.allowed else outcome.diagnostics[0].message
        if (ours != theirs) if outcome.allowed else (theirs.lower().rstrip(".") not in ours.lower() and theirs):
            different.append((loaded.file.name, ours, theirs))
    assert counts[True] > 3000
    assert different == []
