"""A loss that is accepted beside the rule, with its reason, lets the output be made and is printed in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from converter.model import Status
from converter.pack import compile_rule, load_pack
from converter.targets import target

ROOT = Path(__file__).resolve().parent.parent.parent
REASON = "no client of ours writes capitals"


def test_an_accepted_loss_is_built_and_told(tmp_path: Path) -> None:
    """Without the acceptance nothing is made; with it the reason stands in the artifact and the status stays what it is."""
    text = (ROOT / "docs/examples/masters_group.yml").read_text(encoding="utf-8")
    path = tmp_path / "rule.yml"
    for accept, allowed in (("", False), (f"  targets: {{elastic: {{accept: [{{code: T119, reason: {REASON}}}]}}}}\n", True)):
        path.write_text(text.replace("x-converter:\n", "x-converter:\n" + accept), encoding="utf-8")
        outcome = compile_rule(load_pack([path]).rules[0], target("elastic"), {"language": "kuery"}, frozenset())
        assert (outcome.allowed, outcome.status) == (allowed, Status.MIXED)
    assert [loss.accepted for loss in outcome.losses] == [REASON]
    assert outcome.compilation is not None
    written = tomllib.loads(target("elastic").package([outcome.compilation], ["rule"], {})[0].data.decode())
    assert REASON in written["rule"]["note"]


def test_an_acceptance_of_another_code_changes_nothing(tmp_path: Path) -> None:
    """A reason for one loss is none for another."""
    text = (ROOT / "docs/examples/masters_group.yml").read_text(encoding="utf-8")
    path = tmp_path / "rule.yml"
    path.write_text(
        text.replace("x-converter:\n", "x-converter:\n  targets: {elastic: {accept: [{code: T118, reason: x}]}}\n"), encoding="utf-8"
    )
    assert not compile_rule(load_pack([path]).rules[0], target("elastic"), {"language": "kuery"}, frozenset()).allowed
