"""EQL, Elasticsearch's Event Query Language: read it, run it by the engine's documented rules, and give it to Sigma."""

from converter.languages.eql.read import read

__all__ = ["read"]
