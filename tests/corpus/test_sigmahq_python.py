"""Every rule of SigmaHQ through the Python target: what is refused, and that the modules are admitted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from converter.languages import python
from converter.model import Diagnostic, Status
from converter.pack import compile_rule, load_pack
from converter.targets import target

pytestmark = [pytest.mark.corpus, pytest.mark.slow]


def test_every_rule_becomes_a_module_or_is_refused_by_name(corpora: Path) -> None:
    """Only regular expressions and placeholders without values stop a rule; every module passes the reader."""
    reasons: Counter[str] = Counter()
    built = 0
    for loaded in load_pack([corpora / "corpora" / "sigmahq"]).rules:
        outcome = compile_rule(loaded, target("python"), {}, frozenset())
        if outcome.status is not Status.EXACT or outcome.compilation is None:
            reasons[outcome.diagnostics[0].code] += 1
            continue
        data = target("python").package([outcome.compilation], ["rule"], {})[0].data
        module = python.read(data, loaded.file.name)
        assert not isinstance(module, Diagnostic), (loaded.file.name, module.render())
        built += 1
    assert set(reasons) <= {"T401", "M011"}
    assert built > 20 * sum(reasons.values())
