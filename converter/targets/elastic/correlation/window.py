"""The time that a rule looks back at each run, and what that makes of a correlation's window.

A rule runs every ``interval`` and sees the events of its look-back, ``from``.
Only a look-back of the timespan and the interval together sees every window
of the timespan as a whole in one of its runs.
"""

from __future__ import annotations

import re
from typing import Final

from converter.model import UNITS, Correlation, Fidelity, Loss, Rule, node
from converter.targets.contract import Options
from converter.targets.elastic.correlation.made import loss

INTERVAL: Final = "5m"
"""How often Kibana runs a rule that does not say it."""
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd])")
_FROM: Final = re.compile(r"now-([0-9]{1,9})([smhdw])")


@node
class Window:
    """How often a rule runs, and how far it looks back, as Kibana writes both; whether that is less than what it must see."""

    interval: str
    begin: str
    is_short: bool

    @property
    def settings(self) -> dict[str, str]:
        """The rule's keys."""
        return {"interval": self.interval, "from": self.begin}


def window(correlation: Correlation, options: Options, timespan: int | None = None) -> Window:
    """Return the window of a rule; ``from`` is as far back as it must be unless the options say it.

    ``timespan`` is how many seconds may lie between the first event and the
    last one, where that is not the correlation's own timespan.
    """
    interval = str(options.get("interval") or INTERVAL)
    found = _DURATION.fullmatch(interval)
    needed = (correlation.timespan if timespan is None else timespan) + (int(found[1]) * UNITS[found[2]] if found else 0)
    given = str(options.get("from") or "")
    known = _FROM.fullmatch(given)
    if known is None:
        return Window(interval, given or f"now-{duration(needed)}", is_short=bool(given))
    return Window(interval, given, is_short=int(known[1]) * UNITS[known[2]] < needed)


def duration(seconds: int) -> str:
    """Return seconds in the largest unit of Elastic's durations that they are a whole number of; neither weeks nor months are any."""
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"


def too_short(rule: Rule, seen: Window) -> tuple[Loss, ...]:
    """Return what a rule misses whose ``from`` is given, and is shorter than what it must see (T131)."""
    if not seen.is_short:
        return ()
    message = (
        f"with 'from: {seen.begin}' and a run every {seen.interval}, events at the two ends of the timespan are never seen by one run, "
        "and what they make together is missed"
    )
    return (loss(rule, "T131", "correlation.window", Fidelity.NARROWER, message, "timespan"),)


def counted(rule: Rule, seen: Window, timespan: int) -> tuple[Loss, ...]:
    """Return what a rule loses that counts all that a run sees: more than the timespan, and as one (T131)."""
    message = (
        f"each run, every {seen.interval}, takes all events since {seen.begin} together: "
        f"they can meet the condition although they are further apart than {duration(timespan)}"
    )
    return (loss(rule, "T131", "correlation.window", Fidelity.WIDER, message, "timespan"), *too_short(rule, seen))
