"""Elastic rules in the Kibana query language, by the converter."""

from typing import ClassVar

from converter import adapters


class KueryBackend(adapters.Adapter):
    """``sigma convert -t kuery``: KQL queries, Elastic's rule files, or one file that Kibana imports."""

    name = "Elastic KQL (sigma-converter)"
    identifier = "kuery"
    formats: ClassVar = {
        "default": "KQL queries",
        "toml": "Elastic detection rules, one TOML file each",
        "ndjson": "one file that Kibana imports",
    }
    base = "elastic"
    pinned: ClassVar = {"language": "kuery"}
    artifacts: ClassVar = {"toml": "elastic", "ndjson": "elastic-ndjson"}


__all__ = ["KueryBackend"]
