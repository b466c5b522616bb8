"""pySigma 2.x, for which there is no sigma-cli: our adapters through its API, and our own commands upon it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.pysigma_environment import ROOT, Environment, environment

EXEC = ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml"
RULES = """\
title: Narrower
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: create, userAgent|contains: Kubectl}
  condition: selection
---
title: Exact
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: delete}
  condition: selection
"""
SCRIPT = """\
import importlib.metadata, json, sys
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError, SigmaFeatureNotSupportedByBackendError, SigmaTransformationError
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline

rules = sys.argv[1]
pipeline = {"transformations": [
    {"type": "field_name_mapping", "mapping": {"verb": "kubernetes.audit.verb", "userAgent": "my.agent"}}]}
failing = {"transformations": [{"type": "rule_failure", "message": "not here"}]}
editing = {"postprocessing": [{"type": "embed", "prefix": "x"}]}
found = InstalledSigmaPlugins.autodiscover(include_validators=False).backends
own = {name: kind for name, kind in found.items() if "sigma-converter" in kind.name}

def convert(name, form=None, given=None, **options):
    chosen = ProcessingPipeline.from_dict(given) if given else None
    backend = own[name](chosen, **options)
    try:
        return backend.convert(SigmaCollection.from_yaml(rules), form), [str(error) for _, error in backend.errors]
    except SigmaError as error:
        return type(error).__name__, str(error)

print(json.dumps({
    "version": importlib.metadata.version("pysigma"),
    "own": sorted(own),
    "falco": convert("falco"),
    "yaml": convert("falco", "yaml"),
    "refused": convert("kuery"),
    "collected": convert("kuery", collect_errors=True),
    "allowed": convert("kuery", allow="narrower,mixed"),
    "piped": convert("kuery", given=pipeline, allow=["narrower", "unknown"]),
    "failing": convert("converter_splunk", given=failing),
    "editing": convert("converter_python", given=editing),
    "splunk": convert("converter_splunk"),
    "python": convert("converter_python", "py"),
    "format": convert("falco", "nope"),
}))
"""


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment with pySigma 2."""
    with environment(tmp_path_factory.mktemp("pysigma2"), "pysigma2") as made:
        yield made


def test_adapters_run_on_pysigma_2(newest: Environment) -> None:
    """Queries, artifacts, pipelines, refusals as pySigma's errors, and ``allow`` are the same as on 1.5."""
    said = json.loads(newest.alone("python", "-c", SCRIPT, RULES).stdout)
    assert said["version"].startswith("2.")
    assert said["own"] == ["converter_python", "converter_splunk", "falco", "kuery"]
    queries, errors = said["falco"]
    assert (len(queries), errors) == (2, [])
    assert 'ka.verb = "delete"' in queries[1]
    assert len(said["yaml"][0]) == 1
    assert said["yaml"][0][0].count("- rule:") == 2
    assert said["refused"][0] == "SigmaFeatureNotSupportedByBackendError"
    assert "T118" in said["refused"][1]
    assert [len(part) for part in said["collected"]] == [1, 1]
    assert "-O allow=narrower" in said["collected"][1][0]
    assert "*Kubectl*" in said["allowed"][0][0]
    assert "my.agent:*Kubectl*" in said["piped"][0][0]
    assert said["failing"] == ["SigmaTransformationError", "not here"]
    assert said["editing"][0] == "SigmaTransformationError"
    assert "'embed'" in said["editing"][1]
    assert said["splunk"][0][1] == '`kube_audit` verb="delete"'
    assert all("def match(event" in module for module in said["python"][0])
    assert said["format"][0] == "SigmaBackendError"


def test_our_commands_run_on_pysigma_2(newest: Environment) -> None:
    """Lowering gives the committed outputs, and a pipeline is applied."""
    for target, ending in (("elastic", "toml"), ("splunk", "conf"), ("falco", "yaml"), ("python", "py")):
        made = newest.run("converter", "convert", EXEC, "-t", target).stdout
        assert made == (ROOT / "output" / target / f"kubernetes/audit/user_exec_into_pod.{ending}").read_text("utf-8"), target
    (newest.work / "p.yml").write_text("transformations: [{type: field_name_mapping, mapping: {verb: kubernetes.audit.verb}}]\n", "utf-8")
    (newest.work / "r.yml").write_text(RULES.split("---\n")[1], "utf-8")
    done = newest.run("converter", "convert", "r.yml", "-t", "elastic", "-p", "p.yml")
    assert 'kubernetes.audit.verb:"delete"' in done.stdout


def test_the_bridge_runs_on_pysigma_2(newest: Environment) -> None:
    """A backend that asks for pySigma 2 is a target, and its query is what pySigma makes; every part of its pipelines is judged."""
    (newest.work / "one.yml").write_text(RULES.split("---\n")[1], "utf-8")
    assert "pysigma-sqlite " in newest.run("converter", "targets").stdout
    made = newest.run("converter", "convert", "one.yml", "-t", "pysigma-sqlite").stdout
    script = (
        "import sys; from sigma.backends.sqlite import sqliteBackend; from sigma.collection import SigmaCollection\n"
        "print(*sqliteBackend().convert(SigmaCollection.from_yaml(open('one.yml').read())))\n"
        "from sigma.processing.transformations import transformations; from converter.targets.pysigma.pipeline import facts\n"
        "print(set(transformations) == set(facts()['transformations']))\n"
    )
    assert newest.alone("python", "-c", script).stdout == f"{made}True\n"


@pytest.mark.corpus
@pytest.mark.slow
def test_sigmahq_means_the_same_on_both(newest: Environment, corpora: Path) -> None:
    """Every rule of SigmaHQ gets the same module on pySigma 2 as on the installed one."""
    folder = corpora / "corpora/sigmahq/rules"
    newest.run("converter", "build", folder, "-t", "python", "-o", "two", "--allow", "narrower,mixed,unknown", fails=True)
    program = str(Path(sys.executable).with_name("converter"))
    one = newest.work / "one"
    subprocess.run(
        [program, "build", str(folder), "-t", "python", "-o", str(one), "--allow", "narrower,mixed,unknown"],
        check=False,
        capture_output=True,
    )
    files = {path.relative_to(one): path.read_bytes() for path in one.rglob("*.py")}
    assert len(files) > 2500
    assert {path.relative_to(newest.work / "two"): path.read_bytes() for path in (newest.work / "two").rglob("*.py")} == files
