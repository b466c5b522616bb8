"""Passing a pack on: bundles that are the same bytes everywhere, and their verification."""

from converter.publish.archive import SUFFIXES, container_of
from converter.publish.bundle import Bundle, BundleRequest, is_refused, make_bundle
from converter.publish.inspect import Inspection, inspect
from converter.publish.license import license_of

__all__ = [
    "SUFFIXES",
    "Bundle",
    "BundleRequest",
    "Inspection",
    "container_of",
    "inspect",
    "is_refused",
    "license_of",
    "make_bundle",
]
