"""Convert a corpus with pysigma-backend-elasticsearch, in an environment of its own: a line of JSON for each rule and language.

The pipeline is the backend's own for the rule's product, ``ecs_windows`` or ``ecs_kubernetes``; rules of other products are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sigma.backends.elasticsearch import EqlBackend, ESQLBackend, LuceneBackend
from sigma.collection import SigmaCollection
from sigma.pipelines.elasticsearch.kubernetes import ecs_kubernetes
from sigma.pipelines.elasticsearch.windows import ecs_windows

BACKENDS = {"lucene": LuceneBackend, "eql": EqlBackend, "esql": ESQLBackend}
PIPELINES = {"windows": ecs_windows, "kubernetes": ecs_kubernetes}


def converted(path: Path, product: str, language: str) -> dict[str, Any]:
    """Return a rule's queries, or what the backend says instead."""
    try:
        rules = SigmaCollection.from_yaml(path.read_text(encoding="utf-8"))
        return {"queries": [str(one) for one in BACKENDS[language](PIPELINES[product]()).convert(rules)]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def lines(names: list[list[str]]) -> Iterator[dict[str, Any]]:
    """Yield an entry for each rule, given by its path and product, and language."""
    for name, product in names:
        for language in BACKENDS:
            yield {"rule": name, "language": language, **converted(Path(name), product, language)}


if __name__ == "__main__":
    versions = {name: version(name) for name in ("pysigma", "pysigma-backend-elasticsearch")}
    print(json.dumps({"versions": versions}))
    for line in lines(json.load(sys.stdin)):
        print(json.dumps(line))
