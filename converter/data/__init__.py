"""Facts with their sources: log sources, fields, views, ATT&CK, schemas.  Files are read on first use."""

from typing import TYPE_CHECKING

from converter.data.facts import read_facts
from converter.data.own import SHIPPED, OwnSource, OwnTarget, Tables
from converter.data.shipped import shipped
from converter.data.tables import (
    Binding,
    Change,
    Field,
    Source,
    bindings,
    ecs_types,
    fields,
    indexed,
    load,
    source_named,
    source_of,
    sources,
    sources_of,
)
from converter.data.taxonomy import Instead, Taxonomy, taxonomy, taxonomy_sources
from converter.model import later

if TYPE_CHECKING:
    from converter.data.attack import (
        Tactic,
        Technique,
        Threat,
        attack_tags,
        attack_version,
        retired,
        tactic,
        tactic_named,
        technique,
        threats,
    )
    from converter.data.integrations import ecs_bindings, elastic_type
    from converter.data.spdx import (
        LICENSE_FORM,
        BadLicenseError,
        License,
        license_named,
        meant_license,
        read_license,
        spdx_exceptions,
        spdx_version,
    )
    from converter.data.view_elastic import elastic_document, elastic_mappings
    from converter.data.view_falco import falco_events, falco_fields, falco_values, falco_view
    from converter.data.view_splunk import SplunkView, splunk_event, splunk_fields, splunk_seen, splunk_view

_ATTACK = ("Tactic", "Technique", "Threat", "attack_tags", "attack_version", "retired", "tactic", "tactic_named", "technique", "threats")
_SPDX = ("LICENSE_FORM", "BadLicenseError", "License", "license_named", "meant_license", "read_license", "spdx_exceptions", "spdx_version")
__getattr__ = later(
    __name__,
    {
        "attack": _ATTACK,
        "integrations": ("ecs_bindings", "elastic_type"),
        "spdx": _SPDX,
        "view_elastic": ("elastic_document", "elastic_mappings"),
        "view_falco": ("falco_events", "falco_fields", "falco_values", "falco_view"),
        "view_splunk": ("SplunkView", "splunk_event", "splunk_fields", "splunk_seen", "splunk_view"),
    },
)

__all__ = [
    "LICENSE_FORM",
    "SHIPPED",
    "BadLicenseError",
    "Binding",
    "Change",
    "Field",
    "Instead",
    "License",
    "OwnSource",
    "OwnTarget",
    "Source",
    "SplunkView",
    "Tables",
    "Tactic",
    "Taxonomy",
    "Technique",
    "Threat",
    "attack_tags",
    "attack_version",
    "bindings",
    "ecs_bindings",
    "ecs_types",
    "elastic_document",
    "elastic_mappings",
    "elastic_type",
    "falco_events",
    "falco_fields",
    "falco_values",
    "falco_view",
    "fields",
    "indexed",
    "license_named",
    "load",
    "meant_license",
    "read_facts",
    "read_license",
    "retired",
    "shipped",
    "source_named",
    "source_of",
    "sources",
    "sources_of",
    "spdx_exceptions",
    "spdx_version",
    "splunk_event",
    "splunk_fields",
    "splunk_seen",
    "splunk_view",
    "tactic",
    "tactic_named",
    "taxonomy",
    "taxonomy_sources",
    "technique",
    "threats",
]
