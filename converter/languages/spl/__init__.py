"""Splunk's search language: what the compiler emits and a sound part around it, read and run by Splunk's rules.

No Splunk server was asked: ``engine.yml`` names the source of every rule and
which are assumptions.
"""

from converter.languages.spl.conf import Conf, Setting, Stanza, macros_of, read_conf
from converter.languages.spl.evaluate import Row, matches, rows, run
from converter.languages.spl.macros import Macro
from converter.languages.spl.read import read
from converter.languages.spl.reading import DEFAULT, READINGS, Reading
from converter.languages.spl.syntax import Pipeline

__all__ = [
    "DEFAULT",
    "READINGS",
    "Conf",
    "Macro",
    "Pipeline",
    "Reading",
    "Row",
    "Setting",
    "Stanza",
    "macros_of",
    "matches",
    "read",
    "read_conf",
    "rows",
    "run",
]
