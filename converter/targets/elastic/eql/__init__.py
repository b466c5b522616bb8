"""Elastic: print a resolved rule as EQL, Elasticsearch's Event Query Language.

``query`` gives the text of a rule of single events, ``event_query`` one step
of a sequence or a sample with what it loses, ``losses`` what the language
only approximates.
"""

from converter.targets.elastic.eql.printer import LANGUAGE, event_query, losses, query

__all__ = ["LANGUAGE", "event_query", "losses", "query"]
