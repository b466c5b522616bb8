"""The engine's index of a log source with flattened fields: all else is indexed as before."""

from __future__ import annotations

from converter.data import elastic_mappings, sources
from converter.verify.engines.flattened import flattened, without_flattened


def test_flattened_fields_are_found_and_taken_out() -> None:
    """CloudTrail's parameters are flattened; without them the mapping has none left, and every other field."""
    mappings = elastic_mappings("aws_cloudtrail")
    paths = set(flattened(mappings))
    assert "aws.cloudtrail.flattened.request_parameters" in paths
    changed = without_flattened(mappings)
    assert list(flattened(changed)) == []
    inner, other = (one["properties"]["aws"]["properties"]["cloudtrail"]["properties"] for one in (mappings, changed))
    assert {name: one for name, one in other.items() if name != "flattened"} == {
        name: one for name, one in inner.items() if name != "flattened"
    }
    assert other["flattened"]["properties"].keys() == inner["flattened"]["properties"].keys()


def test_mappings_without_flattened_fields_stay_as_they_are() -> None:
    """Other log sources go to the engine with the mapping of the view."""
    known = [one.id for one in sources().values() if "elastic" in one.targets and one.id != "aws_cloudtrail"]
    assert all(
        without_flattened(elastic_mappings(one)) == elastic_mappings(one) for one in known if not list(flattened(elastic_mappings(one)))
    )
