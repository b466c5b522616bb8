"""A rule pack on disk: find, compile, write, remember."""

from converter.pack.acceptances import Policy, findings
from converter.pack.baseline import Baseline, read_baseline
from converter.pack.build import Report, Request, Row, build
from converter.pack.compile import Outcome, compile_resolved, compile_rule
from converter.pack.config import RULES_ONLY, Acceptance, Config, load_config
from converter.pack.fields import FIELDS, load_fields
from converter.pack.files import OutputError, refuse_links, sweep, write_bytes
from converter.pack.known import is_known
from converter.pack.loaded import Loaded, Pack, RuleFile, Unread
from converter.pack.manifest import Entry, Record, digest, read_evidence, read_manifest, write_evidence
from converter.pack.packaging import package_options
from converter.pack.place import place
from converter.pack.reimport import Placed, reimport
from converter.pack.settled import settled
from converter.pack.start import first_files, pack_name, put_files, standing_in_the_way
from converter.pack.walk import find, load_bytes, load_pack, read_bytes, told, unreadable

__all__ = [
    "FIELDS",
    "RULES_ONLY",
    "Acceptance",
    "Baseline",
    "Config",
    "Entry",
    "Loaded",
    "Outcome",
    "OutputError",
    "Pack",
    "Placed",
    "Policy",
    "Record",
    "Report",
    "Request",
    "Row",
    "RuleFile",
    "Unread",
    "build",
    "compile_resolved",
    "compile_rule",
    "digest",
    "find",
    "findings",
    "first_files",
    "is_known",
    "load_bytes",
    "load_config",
    "load_fields",
    "load_pack",
    "pack_name",
    "package_options",
    "place",
    "put_files",
    "read_baseline",
    "read_bytes",
    "read_evidence",
    "read_manifest",
    "refuse_links",
    "reimport",
    "settled",
    "standing_in_the_way",
    "sweep",
    "told",
    "unreadable",
    "write_bytes",
    "write_evidence",
]
