"""Elastic's published rules, imported: how many become detections, how many of these are exact, and that they come back the same."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import elastic_document, elastic_mappings
from converter.ir import evaluate, lower
from converter.model import Fidelity, Rule
from converter.pack import settled
from converter.readers.elastic_rules import Imported, Outcome, form, import_ndjson_file, import_toml_file
from tests.corpus.round_trip import Trip, answers, documents_of, fields_of, mappings, meant, rules_of, stream_of, trips

pytestmark = pytest.mark.corpus

SAMPLE = 36
"""One rule of so many is asked in a usual run."""
PARTS = 24
"""Into how many tests the whole corpus is divided."""
TAKEN = range(PARTS) if os.environ.get("CONVERTER_WHOLE") == "1" else range(0, PARTS, 3)
"""Those that run: a third, evenly; all with CONVERTER_WHOLE=1."""
DETECTED = {"kuery": 0.96, "eql": 0.97, "sequence": 0.85}
EXACT = 0.85
KEPT = (
    "rule_id",
    "risk_score",
    "from",
    "note",
    "setup",
    "timestamp_override",
    "max_signals",
    "investigation_fields",
    "related_integrations",
)
CATEGORY = "event.category"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _files(corpora: Path) -> list[Path]:
    return sorted((corpora / "corpora" / "elastic").rglob("*.toml"))


def _group(one: Imported) -> str:
    """Return what the goals count a rule with."""
    return "sequence" if one.kind in ("sequence", "sample") else one.language


def _check_goals(found: list[Imported]) -> None:
    assert not [one.source for one in found if one.status is Outcome.REFUSED]
    for group, goal in DETECTED.items():
        members = [one for one in found if _group(one) == group]
        share = sum(one.status is Outcome.CANONICAL for one in members) / len(members)
        assert share >= goal, (group, share)
    detected = [one for one in found if one.status is Outcome.CANONICAL]
    assert sum(one.exact for one in detected) / len(detected) >= EXACT
    assert all(one.reason in form().opaque for one in found if one.status is Outcome.OPAQUE)
    for one in found:
        assert one.exact == all(lost.direction is Fidelity.EXACT for lost in one.losses)


@pytest.mark.slow
def test_all_rules_are_imported(corpora: Path) -> None:
    """None of 1,902 rules is refused, and the shares of detections and of exact ones are reached."""
    found = list(settled(map(import_toml_file, _files(corpora))))
    assert len(found) == 1902
    _check_goals(found)
    table = Counter((one.kind, one.language, one.status.value, one.exact, one.reason) for one in found)
    for row, count in sorted(table.items()):
        print(count, *row)
    assert sum(table.values()) == 1902
    opaque = Counter(one.reason for one in found if one.status is Outcome.OPAQUE)
    assert opaque["esql"] == 185
    assert opaque["machine_learning"] == 88
    assert sum(count for reason, count in opaque.items() if reason not in ("esql", "machine_learning")) <= 25


def test_rules_are_imported(corpora: Path) -> None:
    """Of one rule of three dozen none is refused, and what is opaque has a reason of the closed list."""
    for one in settled(map(import_toml_file, _files(corpora)[::SAMPLE])):
        assert one.status is not Outcome.REFUSED, one.source
        assert (one.status is Outcome.OPAQUE) == (one.reason in form().opaque)
        rules_of(one.text)


def _comes_back(trip: Trip) -> None:
    """Hold that a rule was built and is the same again, key by key; and where it is called exact, that the build lost nothing."""
    name = trip.path.name
    assert trip.second is not None, (name, "nothing was built")
    assert (trip.second.status, trip.second.exact) == (trip.first.status, trip.first.exact), (name, trip.second.losses)
    assert not trip.first.exact or trip.first.status is Outcome.OPAQUE or trip.status == "exact", (name, trip.status)
    one, other = (list(yaml.load_all(text, LOADER)) for text in (trip.first.text, trip.second.text))
    assert [_without_detection(part) for part in one] == [_without_detection(part) for part in other], name
    for mine, theirs in zip(rules_of(trip.first.text), rules_of(trip.second.text), strict=True):
        assert meant(mine) == meant(theirs) or _finds_the_same(mine, theirs), name
    if trip.first.keeps:
        assert _query(trip.artifact) == _query(trip.path.read_bytes()), name


def _query(data: bytes) -> tuple[str, str, object]:
    """Return what a rule file asks: its language, its query but for the line ends around it, its filters."""
    rule = tomllib.loads(data.decode())["rule"]
    return rule["language"], rule["query"].strip("\n").rstrip(), rule.get("filters")


def _finds_the_same(one: Rule, other: Rule) -> bool:
    """Say whether two detections find the same among documents that show their tests at work: an expression may be cut to what decides."""
    trees = [lower(rule) for rule in (one, other)]
    assert not any(isinstance(tree, tuple) for tree in trees)
    shown = [*documents_of(one)[0], *documents_of(other)[0]]
    first, second = ([evaluate(tree, document) for document in shown] for tree in trees if not isinstance(tree, tuple))
    return first == second and bool(shown)


def _without_detection(part: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in part.items() if key != "detection"}


def _asks_the_same(trip: Trip) -> tuple[int, int]:
    """Hold the original's query, the built one and the rule to the same documents; return how many there were, and the hits."""
    rule, *others = rules_of(trip.first.text)
    if others and b'language = "eql"' in trip.artifact:
        return _joins_the_same(trip, [rule, *others])
    if others or not rule.detection:
        return 0, 0
    documents, meant_to, index = documents_of(rule)
    original = trip.path.read_bytes()
    names = _names(index)
    if not documents or b"[rule.filters.exists]" in original:  # a form of old, which current Kibana rewrites
        return 0, 0
    if rule.taxonomy == "ecs":
        index = mappings({CATEGORY, *names, *fields_of(original), *fields_of(trip.artifact)})
    first, second = answers(original, documents, index), answers(trip.artifact, documents, index)
    assert first == second, (trip.path.name, [one for one, a, b in zip(documents, first, second, strict=True) if a != b][:1])
    assert first == meant_to, (trip.path.name, [one for one, a, b in zip(documents, first, meant_to, strict=True) if a != b][:1])
    return len(documents), sum(first)


def _joins_the_same(trip: Trip, rules: list[Rule]) -> tuple[int, int]:
    """Hold both sequences to the same stream, in which there is one at least."""
    documents, index = stream_of(rules)
    original = trip.path.read_bytes()
    if not documents:
        return 0, 0
    index = mappings({*_names(index), *fields_of(original), *fields_of(trip.artifact)})
    first, second = answers(original, documents, index), answers(trip.artifact, documents, index)
    assert first == second, trip.path.name
    return len(documents), sum(first)


def _names(index: dict[str, object], path: str = "") -> set[str]:
    found: set[str] = set()
    for name, entry in dict(index.get("properties", {})).items():  # type: ignore[call-overload]
        found |= {f"{path}{name}"} if "type" in entry else set()
        found |= _names(entry, f"{path}{name}.")
    return found


def _back(paths: list[Path], folder: Path) -> tuple[Counter[str], int, int]:
    counts: Counter[str] = Counter()
    asked = hits = 0
    for trip in trips(paths, folder):
        _comes_back(trip)
        counts["back"] += 1
        counts["exact"] += trip.first.exact
        counts["kept"] += trip.first.keeps
        if trip.first.exact and trip.first.status is Outcome.CANONICAL and not trip.first.keeps:  # whose query is the same text
            documents, found = _asks_the_same(trip)
            asked, hits = asked + documents, hits + found
            counts["asked"] += bool(documents)
            counts["hit"] += bool(found)
    return counts, asked, hits


def test_rules_come_back(corpora: Path, tmp_path: Path) -> None:
    """Every rule is built and is the same after another import; of what is called exact both queries find the same documents."""
    paths = _files(corpora)[5 :: 4 * SAMPLE]
    counts, asked, hits = _back(paths, tmp_path)
    assert counts["back"] == len(paths)
    assert counts["asked"] >= counts["hit"] >= 5
    assert asked > hits > 0


@pytest.mark.slow
@pytest.mark.parametrize("part", TAKEN)
def test_all_rules_come_back(corpora: Path, tmp_path: Path, part: int) -> None:
    """So is every one of each part, without an exception; what is not exact keeps its query, unless only a threshold's window differs."""
    paths = _files(corpora)[part::PARTS]
    counts, asked, hits = _back(paths, tmp_path)
    print(dict(counts), asked, hits)
    assert counts["back"] == len(paths)
    assert counts["hit"] >= 0.9 * counts["asked"]


def test_the_rules_that_keep_their_query_come_back(corpora: Path, tmp_path: Path) -> None:
    """A rule of each reason to keep a query: words, two fields, addresses, no time span, more tests than one query may have."""
    names = (
        "collection_posh_audio_capture",
        "credential_access_forced_authentication_pipes",
        "credential_access_pkinit_same_principal_u2u",
        "defense_evasion_masquerading_windows_dll",
        "credential_access_credentials_in_s3_bucket",
    )
    paths = [path for path in _files(corpora) if path.stem in names]
    assert len(paths) == len(names)
    counts, _, _ = _back(paths, tmp_path)
    assert counts["kept"] == len(names)


def test_every_version_of_the_seed_is_imported(corpora: Path) -> None:
    """All versions, in KQL and in EQL, become detections of Kubernetes' audit log, under its own names."""
    folder = corpora / "corpora" / "elastic_seed_history"
    found = {path.stem: import_toml_file(path) for path in sorted(folder.glob("*.toml"))}
    assert len(found) >= 20
    for one in found.values():
        assert (one.status, one.exact) == (Outcome.CANONICAL, True), one.diagnostics
        (rule,) = rules_of(one.text)
        assert (rule.logsource.product, rule.logsource.service) == ("kubernetes", "audit")
    (exported,) = import_ndjson_file(folder / "seed_v203_export.ndjson")
    assert isinstance(exported, Imported)
    assert exported.exact


_EXEC: dict[str, Any] = {
    "verb": "create",
    "level": "Request",
    "stage": "ResponseComplete",
    "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "prod", "name": "web-0"},
    "annotations": {"authorization.k8s.io/decision": "allow"},
}
SEPARATING = {
    "both": (_EXEC, True, True),
    "over a websocket": (_EXEC | {"verb": "get"}, False, True),
    "metadata alone": (_EXEC | {"level": "Metadata"}, True, False),
    "received": (_EXEC | {"stage": "RequestReceived"}, True, False),
    "a vendor's controller": (
        _EXEC | {"objectRef": _EXEC["objectRef"] | {"namespace": "trident", "name": "trident-controller-7"}},
        True,
        False,
    ),
    "forbidden": (_EXEC | {"annotations": {"authorization.k8s.io/decision": "forbid"}}, False, False),
}


@pytest.mark.parametrize("name", SEPARATING)
def test_events_separate_the_seeds_kql_from_its_eql(corpora: Path, name: str) -> None:
    """An exec over a websocket is seen by version 211 alone, others by 203 alone; imported rules and original queries agree on each."""
    folder = corpora / "corpora" / "elastic_seed_history"
    event, *expected = SEPARATING[name]
    files = (folder / "2023-06-22_b4c84e8a40.toml", folder / "seed_current_HEAD_v211.toml")
    documents = [elastic_document(event, "kubernetes_audit")]
    for path, wanted in zip(files, expected, strict=True):
        (rule,) = rules_of(import_toml_file(path).text)
        tree = lower(rule)
        assert not isinstance(tree, tuple)
        assert evaluate(tree, event) is wanted
        assert answers(path.read_bytes(), documents, elastic_mappings("kubernetes_audit")) == [wanted]
