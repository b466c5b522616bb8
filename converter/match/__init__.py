"""Rules over event files as logs are written: an event's form, the rules that its source admits, which match, and correlations."""

from converter.match.admission import admissions, admits
from converter.match.matcher import Asked, Matcher
from converter.match.origin import origin
from converter.match.shapes import Seen, Shape, see
from converter.match.stream import Account, Alert, Limits, Stream
from converter.match.times import duration_of, duration_text, event_time, time_of, time_text

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
    "duration_of",
    "duration_text",
    "event_time",
    "origin",
    "see",
    "time_of",
    "time_text",
]
