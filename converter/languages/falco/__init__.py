"""Falco's condition language and rules files, read and run by the engine's rules."""

from converter.languages.falco.check import check
from converter.languages.falco.evaluate import matches
from converter.languages.falco.facts import profile_of
from converter.languages.falco.fields import FieldType, fields_of
from converter.languages.falco.output import Output, read_output
from converter.languages.falco.read import read
from converter.languages.falco.references import expand
from converter.languages.falco.rules_file import PRIORITIES, FalcoRule, Plugin, RulesFile, check_rule, read_rules
from converter.languages.falco.syntax import NEWEST, PROFILES, Condition
from converter.languages.falco.transform import Extracted, Lookup

__all__ = [
    "NEWEST",
    "PRIORITIES",
    "PROFILES",
    "Condition",
    "Extracted",
    "FalcoRule",
    "FieldType",
    "Lookup",
    "Output",
    "Plugin",
    "RulesFile",
    "check",
    "check_rule",
    "expand",
    "fields_of",
    "matches",
    "profile_of",
    "read",
    "read_output",
    "read_rules",
]
