"""Rules over event files as logs are written: an event's form, the rules that its source admits, which match, and correlations."""

from converter.match.admission import admissions, admits
from converter.match.matcher import Asked, Matcher
from converter.match.origin import origin
from converter.match.shapes import Seen, Shape, see
from converter.match.stream import Account, Alert, Limits, Stream
from converter.match.times import event_time, time_of

__all__ = [
    "Account",
    "Alert",
    "Asked",
    "Limits",
    "Matcher",
    "Seen",
    "Shape",
    "Stream",
    "admissions",
    "admits",
    "event_time",
    "origin",
    "see",
    "time_of",
]
