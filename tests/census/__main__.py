"""Count what pysigma-backend-elasticsearch's queries answer on Elastic's own indices: ``make census``.

For each rule of SigmaHQ about Windows or Kubernetes, each language of the
backend and each integration that records such events: the query is read by
our reading of its language and run on the documents that the integration
makes of the rule's example events, on that integration's mapping.  What it
answers is held against the rule's own answer.  ES|QL is counted as converted
or refused only, as far as no engine or reading of it is asked here.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.data import SHIPPED, Source, elastic_document, elastic_mappings
from converter.ir import Node, evaluate
from converter.pack import Loaded, load_pack
from converter.verify import Example
from converter.verify.compare import questions
from converter.verify.variants import variants
from tests.census.answers import CAUSES, cause

ROOT = Path(__file__).resolve().parent.parent.parent
PEER = ROOT / ".venv" / "census" / "bin" / "python"
PRODUCTS = ("windows", "kubernetes")
READ = ("lucene", "eql")
EVENTS = 40
"""Example events of a rule that a query is asked for, and as many of their variants."""
SHARE = 10
"""Of how many examples the variants are taken to be: the more, the fewer."""


def main() -> None:
    """Print a table for each language and integration."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        sys.exit("census: CONVERTER_CORPORA names no folder with SigmaHQ's rules")
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rules = {one.file.path: one for one in load_pack([corpus]).rules[::step] if one.rule.logsource.product in PRODUCTS}
    versions, queries = _converted(rules)
    peer = ", ".join(f"{name} {one}" for name, one in versions.items())
    print(f"census of {len(rules)} rules: {peer}, pipelines ecs_windows and ecs_kubernetes")
    counted: dict[str, Counter[str]] = {}
    for path, loaded in rules.items():
        _count(loaded, queries[str(path)], counted)
    for title, counts in sorted(counted.items()):
        print(f"\n{title}: {counts.total()}")
        for reason in ("refused by the backend", *CAUSES, "converted, not asked"):
            if counts[reason]:
                print(f"  {counts[reason]:5}  {reason}")


def _converted(rules: dict[Path, Loaded]) -> tuple[dict[str, str], dict[str, dict[str, dict[str, Any]]]]:
    """Return the versions of the peer, and by rule and language its queries or its refusal."""
    names = [[str(path), one.rule.logsource.product] for path, one in rules.items()]
    command = [str(PEER), str(Path(__file__).parent / "peer.py")]
    peer = subprocess.run(command, input=json.dumps(names), capture_output=True, text=True, check=True)
    first, *lines = map(json.loads, peer.stdout.splitlines())
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line["rule"], {})[line["language"]] = line
    return first["versions"], found


def _count(loaded: Loaded, queries: dict[str, dict[str, Any]], counted: dict[str, Counter[str]]) -> None:
    """Count a rule's queries under each integration that records its events."""
    if loaded.tree is None:
        return
    sources = [one for one in SHIPPED.sources_of(loaded.rule.logsource) if "elastic" in one.targets]
    asked = _asked(loaded, loaded.tree) if sources else ((), ())
    for source in sources:
        events, expected = asked
        documents = [elastic_document(one, source.id) for one in events]
        for language, answer in queries.items():
            counts = counted.setdefault(f"{language} on {_title(source)}", Counter())
            if "error" in answer or len(answer["queries"]) != 1:
                counts["refused by the backend"] += 1
            elif language not in READ:
                counts["converted, not asked"] += 1
            elif documents:
                text, mappings = answer["queries"][0], elastic_mappings(source.id)
                counts[cause(language, text, documents, mappings, expected, _listed(_title(source)))] += 1


def _asked(loaded: Loaded, tree: Node) -> tuple[list[Mapping[str, Any]], list[bool]]:
    """Return example events of a rule with its answers: its own, and three that match in other spellings of their values."""
    found = questions(loaded, tree)
    step = 1 + len(found.events) // EVENTS
    own = [one.event for one in found.events[::step]]
    source = SHIPPED.source_of(loaded.rule.logsource)
    fields = SHIPPED.fields(source.id) if source else {}
    matching = [one.event for one, answer in zip(found.events, found.expected, strict=True) if answer][:3]
    spelled = [other.event for one in matching for other in variants(tree, Example("", one, True), fields, SHARE)]
    events = [*own, *spelled[:: 1 + len(spelled) // EVENTS]]
    return events, [evaluate(tree, one) for one in events]


@cache
def _listed(integration: str) -> frozenset[str]:
    """Return the fields of an integration's data streams, multi-fields too, as the facts list them."""
    facts = (ROOT / os.environ["CONVERTER_CORPORA"] / "facts" / "data").resolve()
    if integration == "endpoint":
        with (facts / "elastic_endpoint_fields.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        copies = {f"{row['field']}.{one.split(':')[0]}" for row in rows for one in row["multi_fields"].split()}
        return frozenset({row["field"] for row in rows} | copies)
    with (facts / "elastic_integration_types_host.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["field"] for row in csv.DictReader(file) if row["integration"] == integration)


def _title(source: Source) -> str:
    """Return the integration that makes a source's documents."""
    return ", ".join(map(str, source.targets["elastic"].get("integration", ()))) or source.id


if __name__ == "__main__":
    main()
