"""Hostile texts in detections and in targets' own settings: the output still means the rule, or there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hostile_texts import TEXTS
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from converter.ir import evaluate
from converter.languages import falco, spl
from converter.model import Diagnostic, Fidelity, has_errors
from converter.pack import Loaded, RuleFile, compile_rule, load_bytes
from converter.targets import NAMES, target
from converter.verify.readings import Artifact, read_artifact

FRAGMENTS = (*TEXTS, *"\"'\\\n\r\t][%$|`#;=\0\x85\u2028*?(){}<>", "{{", "}}", "{%", "%}", " AND ", " or ", "not ", "in (", "*:*")
HOSTILE = (
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), min_size=1, max_size=4).map("".join).filter(lambda one: len(one) <= 120)
)
EVENT = {"kind": "Event", "auditID": "a", "stageTimestamp": "2026-03-02T10:00:00Z", "verb": "create"}


def rule(detection: dict[str, Any], **targets: dict[str, Any]) -> Loaded | None:
    """Return a rule that was read, ``None`` when the reader refuses it."""
    value = {
        "title": "A", "id": "00000001-0000-4000-8000-00000000000a", "logsource": {"product": "kubernetes", "service": "audit"},
        "detection": {"selection": detection, "condition": "selection"}, "x-converter": {"targets": targets},
    }  # fmt: skip
    loaded, problems = load_bytes(yaml.safe_dump(value, width=10**6).encode("ascii"), RuleFile(Path("r.yml"), "r.yml", "r"))
    return None if has_errors(problems) or loaded[0].tree is None else loaded[0]


def files(loaded: Loaded, name: str) -> dict[str, bytes] | None:
    """Return what a target writes, ``None`` when it refuses the rule."""
    outcome = compile_rule(loaded, target(name), {}, frozenset(Fidelity))
    if not outcome.allowed or outcome.compilation is None:
        assert outcome.diagnostics
        return None
    return {one.path: one.data for one in target(name).package([outcome.compilation], ["r"], {})}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, modifier=st.sampled_from(["", "|contains", "|startswith", "|endswith"]))
def test_a_hostile_value_is_only_a_value(name: str, text: str, modifier: str) -> None:
    """On an event that holds the value, and on ones that do not, a translation called exact answers as the rule."""
    loaded = rule({f"userAgent{modifier}|cased" if name == "elastic" else f"userAgent{modifier}": text})
    assume(loaded is not None)
    assert loaded is not None
    assert loaded.tree is not None
    outcome = compile_rule(loaded, target(name), {}, frozenset(Fidelity))
    written = files(loaded, name)
    if written is None or outcome.status.value != "exact":
        return
    events = [{**EVENT, "userAgent": value} for value in (text, f"x{text}", f"{text}x", "another", text.replace("\\", ""))] + [EVENT]
    path, data = next((path, data) for path, data in written.items() if path.startswith("r."))
    answers = read_artifact(name, Artifact(path, data, loaded.rule.id, "kubernetes_audit", written), events)
    assert not isinstance(answers, Diagnostic), answers
    assert answers == [evaluate(loaded.tree, event) for event in events]


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE)
def test_a_hostile_output_is_held_or_refused(text: str) -> None:
    """Falco's output text comes back as it is, or is refused for a field or sign that Falco would read."""
    loaded = rule({"verb": "create"}, falco={"output": text})
    assume(loaded is not None)
    assert loaded is not None
    written = files(loaded, "falco")
    if written is None:
        return
    (item,) = [one for one in yaml.safe_load(written["r.yaml"]) if "rule" in one]
    assert item["output"] == text
    assert isinstance(falco.read_rules(written["r.yaml"], "r.yaml"), falco.RulesFile)


SOUND = {"macro": "my_macro", "cron": "*/10 * * * *", "earliest": "-10m@m", "latest": "now", "suppress": "user"}


@pytest.mark.parametrize("text", [*(one for one in TEXTS if one != "default"), "{}\n", "{}\n\n", "\n{}", "{} ", "{}\r", "{}`", "{}\x85"])
@pytest.mark.parametrize("setting", SOUND)
def test_a_hostile_setting_is_refused(setting: str, text: str) -> None:
    """Where nothing is escaped, in a search or a schedule, only names and times are taken, without a line end behind them."""
    text = text.replace("{}", SOUND[setting])
    value: Any = {"fields": [text], "period": "1h"} if setting == "suppress" else text
    assert rule({"verb": "create"}, splunk={setting: value}) is None


def test_a_setting_that_is_a_name_is_taken() -> None:
    """The check above can fail."""
    loaded = rule(
        {"verb": "create"}, splunk={"macro": "my_macro", "cron": "*/10 * * * *", "suppress": {"fields": ["user"], "period": "1h"}}
    )
    assert loaded is not None
    written = files(loaded, "splunk")
    assert written is not None
    conf = spl.read_conf(written["r.conf"].decode(), "r.conf")
    assert isinstance(conf, spl.Conf)
    assert conf.stanzas[0].get("search").startswith("`my_macro` ")
    assert conf.stanzas[0].get("alert.suppress.fields") == "user"
