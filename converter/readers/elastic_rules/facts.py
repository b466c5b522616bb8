"""What is known of Elastic's rules as data: ``form.yml``, read once, when the first rule is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule type: its query's language when it does not say, all that it may say, and the keys that it needs."""

    language: str
    languages: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogSources:
    """Sigma's log source by data set, by the beginning of an index, by a tag; ``any_source`` are indexes that say nothing."""

    dataset: Mapping[str, Mapping[str, str]]
    index: Mapping[str, Mapping[str, str]]
    tag: Mapping[str, str]
    any_source: tuple[str, ...]
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """``form.yml``: see there.

    ``opaque`` explains the closed list of reasons for a rule without a
    detection, ``narrowed`` what a kind asks beside its query, ``refusals`` gives them for what a language says of itself;
    ``dataset_fields`` are the fields that name a data set.
    """

    kinds: Mapping[str, Kind]
    narrowed: Mapping[str, str]
    header: frozenset[str]
    managed: frozenset[str]
    others: Mapping[str, str]
    maturity: Mapping[str, str]
    opaque: Mapping[str, str]
    refusals: Mapping[str, str]
    dataset_fields: tuple[str, ...]
    logsources: LogSources


@cache
def form() -> Form:
    """Return the form of Elastic's rules."""
    data = yaml.safe_load(Path(__file__).with_name("form.yml").read_text(encoding="utf-8"))
    sources = data["logsources"]
    return Form(
        kinds={name: Kind(one["language"], tuple(one["languages"]), tuple(one.get("needs", ()))) for name, one in data["kinds"].items()},
        narrowed=data["narrowed"],
        header=frozenset(data["header"]),
        managed=frozenset(data["managed"]),
        others=data["others"],
        maturity=data["maturity"],
        opaque=data["opaque"],
        refusals=data["refusals"],
        dataset_fields=tuple(data["dataset_fields"]),
        logsources=LogSources(sources["dataset"], sources["index"], sources["tag"], tuple(sources["any_source"]), sources["unknown"]),
    )
