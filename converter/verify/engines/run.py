"""Run Elastic's artifacts in an engine: Kibana's parser makes the DSL of KQL, osmem-server answers over typed indices.

A query string goes to the engine as Kibana sends it, a rule's filters as they
are.  Known differences of osmem-server 0.1.6 from Elasticsearch, none of which
an artifact meets: ``term`` with ``case_insensitive`` folds letters beyond
ASCII, ``regexp`` with it folds classes, and no expression is too long or too
complex for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from converter.data import elastic_mappings
from converter.model import Diagnostic, Evidence, Severity, Source, node
from converter.verify.compare import Questions, Verdict, judge
from converter.verify.engines.flattened import flattened, of_type, without_flattened
from converter.verify.engines.kibana import kibana_version, parse_kuery
from converter.verify.engines.osmem import Question, osmem_version, running
from converter.verify.readings import Artifact
from converter.verify.readings.elastic import ElasticRule, documents, rule_of

_NEWER: Final = re.compile(r"\\[{}]")
"""Escapes that came with nested queries, after the parser that is installable."""


@node
class EngineRun:
    """The verdicts by rule id, and what the run could not show."""

    verdicts: Mapping[str, Verdict]
    notes: tuple[str, ...] = ()


@node
class _Job:
    """The reader's verdict, the artifact, what it asks, and that in the engine's DSL: ``{"dsl": …}`` or ``{"error": …}``."""

    verdict: Verdict
    artifact: Artifact
    asks: ElasticRule
    made: Mapping[str, Any]

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.verdict.loaded.rule.id


def run_engine(jobs: Sequence[tuple[Verdict, Artifact]], asked: Mapping[str, Questions]) -> EngineRun:
    """Return a verdict of the engine for each job.

    A query on a flattened field is left to the reader, the engine has none; so
    is one in a language that the engine does not speak.

    Raises:
        EngineMissingError: if the engine is not installed, or for KQL Node and Kibana's parser.
    """
    osmem_version()
    verdicts: dict[str, Verdict] = {}
    notes: list[str] = []
    ready: list[_Job] = []
    for job in _in_dsl(jobs):
        why = _left_to_reader(job)
        if why:
            notes.append(f"{job.artifact.path} {why}: left to the reader")
        elif "error" in job.made:
            verdicts[job.rule] = _refuted(job.verdict, f"Kibana's parser refuses the query: {job.made['error']}")
        else:
            ready.append(job)
    if ready:
        with running() as engine:
            answers = engine.answers(_question(job, asked[job.rule]) for job in ready)
            verdicts |= {job.rule: _judged(job, asked[job.rule], found) for job, found in zip(ready, answers, strict=True)}
    return EngineRun(verdicts, tuple(notes))


def _in_dsl(jobs: Sequence[tuple[Verdict, Artifact]]) -> Iterator[_Job]:
    """Yield the jobs in a language that the engine speaks: KQL by Kibana's parser, query strings by themselves."""
    read = [(verdict, artifact, rule_of(artifact)) for verdict, artifact in jobs]
    rules = [(verdict, artifact, asks) for verdict, artifact, asks in read if isinstance(asks, ElasticRule)]
    texts = [asks.query for _, _, asks in rules if asks.language == "kuery"]
    parsed = iter(parse_kuery(texts) if texts else ())
    for verdict, artifact, asks in rules:
        if asks.language == "kuery":
            yield _Job(verdict, artifact, asks, next(parsed))
        elif asks.language == "lucene":
            yield _Job(verdict, artifact, asks, {"dsl": {"query_string": {"query": asks.query, "analyze_wildcard": True}}})


def _left_to_reader(job: _Job) -> str:
    """Return why the engine is not asked, nothing where it is."""
    if "error" in job.made:
        return "escapes a brace, which Kibana 7's parser does not know" if _NEWER.search(job.asks.query) else ""
    mappings = elastic_mappings(job.artifact.source)
    named = json.dumps(job.asks.engine_query(job.made["dsl"]), ensure_ascii=False).replace("\\", "")
    if any(path in named for path in flattened(mappings)):
        return "asks for a flattened field, which the search engine does not know"
    if job.asks.language == "lucene" and any(path in named for path in of_type(mappings, "match_only_text")):
        return "asks for a field of type match_only_text, whose words the search engine does not compare with a pattern"
    return ""


def _question(job: _Job, asked: Questions) -> Question:
    events = [one.event for one in asked.events]
    mappings = without_flattened(elastic_mappings(job.artifact.source))
    return Question(documents(events, job.artifact.source), mappings, job.asks.engine_query(job.made["dsl"]))


def _judged(job: _Job, asked: Questions, found: list[bool] | str) -> Verdict:
    """Return what the engine's answer says of the artifact."""
    verdict = job.verdict
    if isinstance(found, str):
        return _refuted(verdict, f"the search engine refuses the query: {found}")
    tree = verdict.loaded.tree
    assert tree is not None, "only rules with a meaning have questions"
    version = f"osmem-server {osmem_version()}"
    version += f", Kibana 7 parser {kibana_version()}" if job.asks.language == "kuery" else ""
    return judge(verdict.loaded, tree, job.artifact, verdict.target, verdict.status, asked, found, Evidence.ENGINE, "osmem", version)


def _refuted(verdict: Verdict, message: str) -> Verdict:
    told = Diagnostic("V006", Severity.ERROR, Source(verdict.artifact, "").start, message, help="this is a defect of the output")
    return replace(verdict, diagnostics=(*verdict.diagnostics, told))
