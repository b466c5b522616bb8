"""The cases: what each target makes of a rule, what its author is told, and whether the outputs mean what they claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.model import Fidelity, Status
from converter.pack import Outcome, Request, build, compile_rule, load_pack
from converter.targets import NAMES, target
from converter.verify import counter_example, verify

ROOT = Path(__file__).resolve().parent.parent
CASES = sorted(path.parent.name for path in (ROOT / "tests" / "cases").glob("*/rule.yml"))
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
ENDINGS = {"elastic": "toml", "splunk": "conf", "falco": "yaml", "python": "py"}


def _outcomes(case: str, allow: frozenset[Fidelity]) -> dict[str, Outcome]:
    loaded = load_pack([Path("tests/cases") / case / "rule.yml"]).rules[0]
    return {name: compile_rule(loaded, target(name), {}, allow) for name in NAMES}


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, update_golden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Artifacts, statuses and diagnostics are the expected ones, byte for byte."""
    monkeypatch.chdir(ROOT)
    folder = Path("tests/cases") / case / "expected"
    outcomes = _outcomes(case, ALL)
    made: dict[str, bytes] = {}
    for name, outcome in outcomes.items():
        if outcome.allowed and outcome.compilation:
            for artifact in target(name).package([outcome.compilation], ["rule"], {}):
                if artifact.path.startswith("rule."):
                    made[f"{name}.{ENDINGS[name]}"] = artifact.data
    made["fidelity.yml"] = "".join(f"{name}: {one.status.value}\n" for name, one in outcomes.items()).encode()
    told = [one.render() for outcome in _outcomes(case, frozenset()).values() for one in outcome.diagnostics]
    made["diagnostics.txt"] = "".join(f"{one}\n\n" for one in told).encode()
    if update_golden:
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, data in made.items():
            (folder / name).write_bytes(data)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of all cases, losses let through."""
    folder = tmp_path_factory.mktemp("cases")
    build(Request([ROOT / "tests" / "cases"], [target(name) for name in NAMES], folder, {}, ALL))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_outputs_mean_what_they_claim(name: str, built: Path) -> None:
    """No exact output is refuted by an event, and no loss goes beyond its direction."""
    verdicts = verify(load_pack([ROOT / "tests" / "cases"]), [name], built, "reader").verdicts
    assert len(verdicts) >= 15
    failed = {verdict.artifact: [one.render() for one in verdict.diagnostics] for verdict in verdicts if verdict.failed}
    assert failed == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_declared_loss_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of capabilities.yml that is not exact has a case whose events show it: the declaration could be refuted."""
    monkeypatch.chdir(ROOT)
    shown: dict[str, bool] = {}
    for case in CASES:
        outcome = _outcomes(case, ALL)[name]
        if outcome.status in (Status.WIDER, Status.NARROWER, Status.MIXED):
            found = counter_example(outcome)
            for loss in outcome.losses:
                # What Elastic narrows (T007) shows in alerts, not in the events that a detection finds.
                if not loss.compensated_by and loss.code != "T007":
                    shown[f"{loss.feature}: {loss.direction.value}"] = (
                        shown.get(f"{loss.feature}: {loss.direction.value}", False) or found is not None
                    )
    assert shown or name == "python"
    assert {key for key, value in shown.items() if not value} == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each listed feature is compiled by a case, so that a wrong row shows in a golden file."""
    monkeypatch.chdir(ROOT)
    from converter.ir import FieldMatch, Keyword, atoms, feature_of_test

    asked = set()
    for case in CASES:
        loaded = load_pack([Path("tests/cases") / case / "rule.yml"]).rules[0]
        if loaded.tree is not None:
            asked |= {feature_of_test(one.test) for one in atoms(loaded.tree) if isinstance(one, FieldMatch)}
            asked |= {"keyword" for one in atoms(loaded.tree) if isinstance(one, Keyword)}
    for capabilities in target(name).capabilities({}).values():
        listed = {feature for feature in capabilities.features if feature.startswith("value.") and feature != "value.cased"}
        assert listed <= asked, sorted(listed - asked)
