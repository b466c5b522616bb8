"""The search engine of verify: questions in batches against one at a time, on the rules of a corpus, answers held equal."""

from __future__ import annotations

import json
import os
import resource
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from converter.data import elastic_mappings
from converter.ir import unevaluable
from converter.model import Fidelity
from converter.pack import compile_rule, load_pack
from converter.targets import target
from converter.verify.compare import questions
from converter.verify.engines import EngineMissingError, Question, parse_kuery, running
from converter.verify.engines.flattened import flattened, without_flattened
from converter.verify.readings.elastic import documents

ROOT = Path(__file__).resolve().parent.parent.parent
SHARE = 12
"""One rule of so many is asked."""
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
Answer = list[bool] | str
Measured = tuple[float, float, list[Answer]]


def engine() -> None:
    """Print the seconds of both ways, of the clock and of both processors, ours and the server's together, and their ratios."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        print("engine: CONVERTER_CORPORA names no folder")
        return
    try:
        asked = list(_questions(corpus))
        alone, batched = _measured(asked, _alone, _usual), _measured(asked, _batched, running)
    except EngineMissingError as error:
        print(f"engine: {error}")
        return
    assert alone[2] == batched[2], "batches change no answer"
    said = f"{len(asked)} rules of SigmaHQ in KQL with filters, {sum(len(one.documents) for one in asked)} documents"
    told = [f"{two:.2f} s {name} in batches, {one:.2f} s one at a time: {one / two:.1f} times" for name, one, two in _pairs(alone, batched)]
    print(f"engine: {said}: {', '.join(told)}")


def _pairs(alone: Measured, batched: Measured) -> list[tuple[str, float, float]]:
    return [("CPU", alone[0], batched[0]), ("by the clock", alone[1], batched[1])]


def _questions(corpus: Path) -> Iterator[Question]:
    """Yield what verify asks of the corpus's rules, those on flattened fields left out."""
    elastic = target("elastic")
    rules = [one for one in load_pack([corpus]).rules if one.tree is not None and not unevaluable(one.tree, one.rule.source)]
    asked = [(one, compile_rule(one, elastic, {"language": "kuery+filters"}, ALL).compilation) for one in rules[::SHARE]]
    built = [(loaded, done) for loaded, done in asked if done is not None and done.parts]
    for (loaded, done), made in zip(built, parse_kuery([done.parts["query"] for _, done in built]), strict=True):
        assert loaded.tree is not None
        assert done.resolved is not None
        source = done.resolved.source.id
        filters = [one["query"] for one in done.parts.get("filters", ()) if not one["meta"]["negate"]]
        query = {"bool": {"filter": [made.get("dsl", {"match_none": {}}), *filters]}}
        mappings = elastic_mappings(source)
        if not any(path in json.dumps(query) for path in flattened(mappings)):
            seen = documents([one.event for one in questions(loaded, loaded.tree).events], source)
            yield Question(seen, without_flattened(mappings), query)


def _measured(asked: list[Question], way: Callable[[Any, list[Question]], list[Answer]], started: Any) -> Measured:
    """Return the CPU seconds that a way takes, the server's included, those of the clock, and its answers."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before, start = sum(sum(resource.getrusage(kind)[:2]) for kind in kinds), time.monotonic()
    with started() as server:
        found = way(server, asked)
        took = time.monotonic() - start
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds) - before, took, found


@contextmanager
def _usual() -> Iterator[Any]:
    """The server as its package starts it."""
    import osmem_server

    server = osmem_server.OsmemServer.start()
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def _batched(server: Any, asked: list[Question]) -> list[Answer]:
    return list(server.answers(asked))


def _alone(server: Any, asked: list[Question]) -> list[Answer]:
    """Ask one at a time: the whole mappings, four calls, a connection for each."""
    found: list[Answer] = []
    for one in asked:
        _call(server.url, "PUT", "/alone", json.dumps({"mappings": one.mappings}))
        lines = [
            line for at, document in enumerate(one.documents) for line in (json.dumps({"index": {"_id": str(at)}}), json.dumps(document))
        ]
        _call(server.url, "POST", "/alone/_bulk?refresh=true", "\n".join(lines) + "\n")
        body = {"query": one.query, "size": 10_000, "_source": False}
        hits = {int(hit["_id"]) for hit in _call(server.url, "POST", "/alone/_search", json.dumps(body))["hits"]["hits"]}
        found.append([at in hits for at in range(len(one.documents))])
        _call(server.url, "DELETE", "/alone", "")
    return found


def _call(base: str, method: str, path: str, body: str) -> Any:
    kind = "application/x-ndjson" if "_bulk" in path else "application/json"
    request = urllib.request.Request(base + path, data=body.encode() or None, method=method, headers={"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)
