"""sigma-cli 3.1.0 with pySigma 1.5.1 and the Splunk backend, and our wheel beside them: their front end, our targets."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.install.pysigma_environment import ROOT, Environment, digests, environment

EXEC = ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml"
NARROW = """\
title: A pod by name
id: 00000000-0000-4000-8000-000000000001
status: test
description: Its value has no regard to case, and Elastic's field has.
author: the tests
license: Apache-2.0
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: create, userAgent|contains: Kubectl}
  condition: selection
level: low
"""
OTHER = (
    NARROW.replace("A pod by name", "Deletion")
    .replace("000000000001", "000000000002")
    .replace("verb: create, userAgent|contains: Kubectl", "verb: delete")
)
UNKNOWN = OTHER.replace("000000000002", "000000000003").replace("product: kubernetes, service: audit", "product: nobody")
PIPELINE = """\
name: ours
priority: 10
transformations:
  - type: field_name_mapping
    mapping: {verb: kubernetes.audit.verb, userAgent: my.agent}
"""


@pytest.fixture(scope="module")
def sigma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment, its work folder filled with rules and a pipeline."""
    with environment(tmp_path_factory.mktemp("sigma_cli"), "sigma_cli") as made:
        for name, text in {"narrow.yml": NARROW, "other.yml": OTHER, "unknown.yml": UNKNOWN, "pipeline.yaml": PIPELINE}.items():
            (made.work / name).write_text(text, "utf-8")
        yield made


def test_theirs_stays_theirs(sigma: Environment) -> None:
    """The wheel brings four names below sigma/backends and changes no file of another package."""
    after = digests(sigma.site / "sigma")
    assert {name: after[name] for name in sigma.before} == sigma.before
    added = {name.rpartition("/")[0] for name in set(after) - set(sigma.before)}
    assert added == {f"backends/{name}" for name in ("falco", "kuery", "converter_splunk", "converter_python")}
    assert not (sigma.site / "sigma/__init__.py").exists()


def test_targets_and_formats_are_listed(sigma: Environment) -> None:
    """``sigma list`` shows their backends and ours, with their formats."""
    listed = sigma.alone("sigma", "list", "targets").stdout
    for name in ("splunk", "splunk_spl2", "falco", "kuery", "converter_splunk", "converter_python"):
        assert f"| {name} " in listed
    assert "adapter" not in listed
    for name, forms in {"falco": "yaml", "kuery": "toml ndjson", "converter_splunk": "conf macros", "converter_python": "py"}.items():
        shown = sigma.run("sigma", "list", "formats", name).stdout
        assert [form for form in forms.split() if f"| {form} " not in shown] == []


def test_without_a_pipeline_our_tables_name_the_fields(sigma: Environment) -> None:
    """Conversions give what ``converter`` gives, in their default and artifact formats; ``splunk`` is still theirs."""
    assert sigma.alone("sigma", "convert", "-t", "falco", EXEC).stdout.strip() == (
        'ka.verb = "create" and ka.target.resource = "pods" and ka.target.subresource = "exec" and ka.auth.decision = "allow"'
    )
    assert 'kubernetes.audit.verb:"create"' in sigma.run("sigma", "convert", "-t", "kuery", EXEC).stdout
    for name, form, target, ending in (
        ("kuery", "toml", "elastic", "toml"),
        ("converter_splunk", "conf", "splunk", "conf"),
        ("converter_python", "py", "python", "py"),
    ):
        sigma.run("sigma", "convert", "-t", name, "-f", form, "-o", "made", EXEC)
        ours = sigma.run("converter", "convert", EXEC, "-t", target).stdout
        assert (sigma.work / "made").read_text("utf-8").strip() == ours.strip(), ending
    theirs = sigma.run("sigma", "convert", "-t", "splunk", "--without-pipeline", EXEC).stdout
    assert theirs.startswith('verb="create" objectRef.resource="pods"')


def test_with_a_pipeline_the_names_are_its_own(sigma: Environment) -> None:
    """What a pipeline names is not mapped again."""
    done = sigma.run("sigma", "convert", "-t", "kuery", "-p", "pipeline.yaml", "-O", "allow=narrower,unknown", "narrow.yml")
    assert 'kubernetes.audit.verb:"create"' in done.stdout
    assert "my.agent:*Kubectl*" in done.stdout
    assert "kubernetes.audit.kubernetes" not in done.stdout


def test_a_refused_loss_is_pysigmas_error_with_our_text(sigma: Environment) -> None:
    """Without ``allow`` the loss is an error that says how to lift it; collected, it costs only its rule."""
    refused = sigma.run("sigma", "convert", "-t", "kuery", "narrow.yml", fails=True)
    assert "T118" in refused.stderr
    assert "-O allow=narrower" in refused.stderr
    assert "*Kubectl*" in sigma.run("sigma", "convert", "-t", "kuery", "-O", "allow=narrower,mixed,unknown", "narrow.yml").stdout
    several = sigma.run("sigma", "convert", "-t", "kuery", "-s", "narrow.yml", "other.yml", "unknown.yml")
    assert several.stdout.count('kubernetes.audit.verb:"delete"') == 1
    assert "Kubectl" not in several.stdout
    assert "narrow.yml: T118" in several.stderr
    assert "unknown.yml: T002" in several.stderr


FILTER = """\
title: Not by robots
logsource: {product: kubernetes, service: audit}
filter:
  rules: any
  selection: {user.username: robot}
  condition: not selection
"""
CORRELATION = """\
title: Many
correlation: {type: event_count, rules: [named], group-by: [user.username], timespan: 5m, condition: {gte: 10}}
---
name: named
"""


def test_filters_are_honoured_and_correlations_refused(sigma: Environment) -> None:
    """A Sigma filter is part of the rule by the time that we see it; a correlation rule is an error of pySigma's, collected with -s."""
    (sigma.work / "filter.yml").write_text(FILTER, "utf-8")
    done = sigma.run("sigma", "convert", "-t", "kuery", "--filter", "filter.yml", "other.yml")
    assert 'and not (kubernetes.audit.user.username:"robot")' in done.stdout
    (sigma.work / "many.yml").write_text(CORRELATION + OTHER, "utf-8")
    refused = sigma.run("sigma", "convert", "-t", "falco", "many.yml", fails=True)
    assert "correlation rules are not supported by falco yet" in refused.stderr
    assert "correlation rules are not supported by falco yet" in sigma.run("sigma", "convert", "-t", "falco", "-s", "many.yml").stderr


def test_wrong_options_are_told(sigma: Environment) -> None:
    """An option that the target lacks or that only a rule can have, or a direction that there is not, ends without a traceback."""
    assert "'foo' is not supported" in sigma.run("sigma", "convert", "-t", "falco", "-O", "foo=1", EXEC, fails=True).stderr
    assert "'query' is not supported" in sigma.run("sigma", "convert", "-t", "kuery", "-O", "query=x", EXEC, fails=True).stderr
    made = sigma.run("sigma", "convert", "-t", "kuery", "-f", "toml", "-O", "risk_score=50", "-O", "interval=9m", EXEC).stdout
    assert ("risk_score = 50\n" in made, 'interval = "9m"\n' in made) == (True, True)
    assert "not 'sideways'" in sigma.run("sigma", "convert", "-t", "falco", "-O", "allow=sideways", EXEC, fails=True).stderr


def test_several_rules_make_one_file_that_loads(sigma: Environment) -> None:
    """Falco's rules of several files are one rules file, Kibana's one import file, and -od writes a file each."""
    sigma.run("sigma", "convert", "-t", "falco", "-f", "yaml", "-o", "rules.yaml", EXEC, "other.yml")
    rules = yaml.safe_load((sigma.work / "rules.yaml").read_text("utf-8"))
    assert [one["rule"] for one in rules if "rule" in one] == ["Kubernetes User Exec into Pod", "Deletion"]
    assert sum("required_engine_version" in one for one in rules) == 1
    sigma.run("sigma", "convert", "-t", "kuery", "-f", "ndjson", "-o", "rules.ndjson", EXEC, "other.yml")
    assert [json.loads(line)["name"] for line in (sigma.work / "rules.ndjson").read_text("utf-8").split("\n") if line] == [
        "Kubernetes User Exec into Pod",
        "Deletion",
    ]
    sigma.run("sigma", "convert", "-t", "falco", "-f", "yaml", "-od", "each", EXEC, "other.yml")
    assert sorted(path.name for path in (sigma.work / "each").iterdir()) == ["other.txt", "user_exec_into_pod.txt"]


def test_the_bridge_finds_theirs_and_not_ours(sigma: Environment) -> None:
    """``converter targets`` lists their backends, not our own adapters, and converts with one."""
    listed = sigma.run("converter", "targets").stdout
    assert "pysigma-splunk " in listed
    assert "pysigma-falco" not in listed
    theirs = sigma.run("sigma", "convert", "-t", "splunk", "-p", "splunk_windows", "--disable-pipeline-check", EXEC).stdout
    assert sigma.run("converter", "convert", EXEC, "-t", "pysigma-splunk", "-p", "splunk_windows").stdout.strip() == theirs.strip()


def _blocks(text: str) -> list[list[str]]:
    """Return the commands of a page's console blocks with what is shown below each."""
    found: list[list[str]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        found += [command.rstrip("\n").split("\n") for command in re.split(r"^\$ ", block, flags=re.MULTILINE) if command]
    return found


def _is_shown(shown: list[str], lines: list[str]) -> bool:
    """Whether the lines are those shown; ``…`` stands for any number of lines, at the end of one for its rest."""
    if not shown:
        return not lines
    if shown[0] == "…":
        return any(_is_shown(shown[1:], lines[start:]) for start in range(len(lines) + 1))
    fits = bool(lines) and (lines[0].startswith(shown[0][:-1]) if shown[0].endswith("…") else lines[0] == shown[0])
    return fits and _is_shown(shown[1:], lines[1:])


def test_the_page_for_users_of_sigma_cli_is_true(sigma: Environment) -> None:
    """Every command of the page prints what the page shows."""
    shutil.copytree(ROOT / "docs/examples/migrate", sigma.work, dirs_exist_ok=True)
    commands = _blocks((ROOT / "docs/migrate-from-sigma-cli.md").read_text("utf-8"))
    assert len(commands) >= 9
    for command, *shown in commands:
        done = sigma.run(*command.split(), fails=any(line.startswith("Error: ") for line in shown))
        printed = (done.stdout + done.stderr).replace("Parsing Sigma rules\n", "").split("\n")
        while printed and not printed[-1]:
            printed.pop()
        assert _is_shown(shown, printed), (command, printed)


def test_the_page_names_every_flag(sigma: Environment) -> None:
    """Each option of ``sigma convert`` and ``sigma check``, and each command, has its row."""
    page = (ROOT / "docs/migrate-from-sigma-cli.md").read_text("utf-8")
    for name in ("convert", "check"):
        options = re.findall(r"^  (-[-\w]+)", sigma.run("sigma", name, "--help").stdout, re.MULTILINE)
        assert len(options) > 5
        assert [one for one in options if one not in ("-h", "--help") and f"`{one}" not in page] == []
    for group in ("list", "plugin", "analyze", "pysigma"):
        commands = re.findall(r"^  ([a-z][-a-z]+)  ", sigma.run("sigma", group, "--help").stdout.partition("Commands:")[2], re.MULTILINE)
        assert len(commands) > 2
        assert [one for one in commands if one not in page] == []


@pytest.mark.corpus
def test_rules_of_sigmahq_pass_or_are_told(sigma: Environment, corpora: Path) -> None:
    """Every rule of a folder is a query or an error of its own, on a target that has the log source and on one that has not."""
    folder = corpora / "corpora/sigmahq/rules/application"
    count = sum(1 for _ in folder.rglob("*.yml"))
    done = sigma.run("sigma", "convert", "-t", "falco", "-s", "-f", "yaml", "-o", "hq.yaml", folder)
    rules = [one for one in yaml.safe_load((sigma.work / "hq.yaml").read_text("utf-8")) if "rule" in one]
    refused = [line for line in done.stderr.splitlines() if ".yml: " in line]
    assert len(rules) >= 10
    assert len(rules) + len(refused) == count
