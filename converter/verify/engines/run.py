"""Run Elastic's artifacts in an engine: Kibana's parser makes the DSL, osmem-server answers over typed indices.

A rule's filters go to the engine as they are.  Known differences of
osmem-server 0.1.6 from Elasticsearch, none of which an artifact meets: ``term``
with ``case_insensitive`` folds letters beyond ASCII, ``regexp`` with it folds
classes, and no expression is too long or too complex for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from converter.data import elastic_mappings
from converter.model import Diagnostic, Evidence, Severity, Source
from converter.verify.compare import Questions, Verdict, judge
from converter.verify.engines.flattened import flattened, without_flattened
from converter.verify.engines.kibana import kibana_version, parse_kuery
from converter.verify.engines.osmem import osmem_version, running
from converter.verify.readings import Artifact
from converter.verify.readings.elastic import ElasticRule, documents, rule_of


@dataclass(frozen=True, slots=True)
class EngineRun:
    """The verdicts by rule id, and what the run could not show."""

    verdicts: Mapping[str, Verdict]
    notes: tuple[str, ...] = ()


def run_engine(jobs: Sequence[tuple[Verdict, Artifact]], asked: Mapping[str, Questions]) -> EngineRun:
    """Return a verdict of the engine for each job.

    A query on a flattened field is left to the reader, the engine has none; so
    is one in a language that the engine does not speak.

    Raises:
        EngineMissingError: if Node, the parser or the engine is not installed.
    """
    version = f"osmem-server {osmem_version()}, Kibana 7 parser {kibana_version()}"
    read = [(verdict, artifact, rule_of(artifact)) for verdict, artifact in jobs]
    texts = [(verdict, artifact, asks) for verdict, artifact, asks in read if isinstance(asks, ElasticRule) and asks.language == "kuery"]
    if not texts:
        return EngineRun({})
    parsed = parse_kuery([asks.query for _, _, asks in texts])
    verdicts: dict[str, Verdict] = {}
    notes: list[str] = []
    with running() as engine:
        for (verdict, artifact, asks), answer in zip(texts, parsed, strict=True):
            rule = verdict.loaded.rule.id
            if "error" in answer and _NEWER.search(asks.query):
                notes.append(f"{artifact.path} escapes a brace, which Kibana 7's parser does not know: left to the reader")
                continue
            if "error" in answer:
                verdicts[rule] = _refuted(verdict, f"Kibana's parser refuses the query: {answer['error']}")
                continue
            query, mappings = asks.engine_query(answer["dsl"]), elastic_mappings(artifact.source)
            named = json.dumps(query)
            if any(path in named for path in flattened(mappings)):
                notes.append(f"{artifact.path} asks for a flattened field, which the search engine does not know: left to the reader")
                continue
            events = [one.event for one in asked[rule].events]
            found = engine.find(documents(events, artifact.source), without_flattened(mappings), query)
            if isinstance(found, str):
                verdicts[rule] = _refuted(verdict, f"the search engine refuses the query: {found}")
                continue
            tree = verdict.loaded.tree
            assert tree is not None, "only rules with a meaning have questions"
            verdicts[rule] = judge(
                verdict.loaded, tree, artifact, verdict.target, verdict.status, asked[rule], found, Evidence.ENGINE, "osmem", version
            )
    return EngineRun(verdicts, tuple(notes))


_NEWER = re.compile(r"\\[{}]")
"""Escapes that came with nested queries, after the parser that is installable."""


def _refuted(verdict: Verdict, message: str) -> Verdict:
    told = Diagnostic("V006", Severity.ERROR, Source(verdict.artifact, "").start, message, help="this is a defect of the output")
    return replace(verdict, diagnostics=(*verdict.diagnostics, told))
