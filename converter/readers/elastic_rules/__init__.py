"""Elastic's detection rules: what a rule says, from a repository's TOML or Kibana's export, and the canonical rule that follows from it.

``elastic_docs`` reads the same rules from pages and shares what follows.
"""

from converter.readers.elastic_rules.attack import Attack, Technique, Threat, attack_tags, is_derivable, threat_block
from converter.readers.elastic_rules.correlation import Joined, joined_as
from converter.readers.elastic_rules.document import correlation_documents, file_of, is_spdx, present, spdx
from converter.readers.elastic_rules.embedded import Embedded
from converter.readers.elastic_rules.facts import form
from converter.readers.elastic_rules.imported import Imported, Outcome, keeping, text_of
from converter.readers.elastic_rules.meaning import Asked, Meaning, meaning, unwritable, written
from converter.readers.elastic_rules.ndjson import import_line, import_ndjson, import_ndjson_file
from converter.readers.elastic_rules.query import Known, events_of, read, unsaid
from converter.readers.elastic_rules.source import TARGET, Choice, choose
from converter.readers.elastic_rules.toml import import_toml, import_toml_file
from converter.readers.elastic_rules.write import yaml_text

__all__ = [
    "TARGET",
    "Asked",
    "Attack",
    "Choice",
    "Embedded",
    "Imported",
    "Joined",
    "Known",
    "Meaning",
    "Outcome",
    "Technique",
    "Threat",
    "attack_tags",
    "choose",
    "correlation_documents",
    "events_of",
    "file_of",
    "form",
    "import_line",
    "import_ndjson",
    "import_ndjson_file",
    "import_toml",
    "import_toml_file",
    "is_derivable",
    "is_spdx",
    "joined_as",
    "keeping",
    "meaning",
    "present",
    "read",
    "spdx",
    "text_of",
    "threat_block",
    "unsaid",
    "unwritable",
    "written",
    "yaml_text",
]
