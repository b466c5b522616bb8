"""Run rules over event files as logs are written: which form an event has, which rules its source admits, which of them match."""

from converter.match.admission import admissions, admits
from converter.match.matcher import Asked, Matcher
from converter.match.origin import origin
from converter.match.shapes import Seen, Shape, see

__all__ = ["Asked", "Matcher", "Seen", "Shape", "admissions", "admits", "origin", "see"]
