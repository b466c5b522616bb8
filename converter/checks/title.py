"""S021 title: a title that does not read as one.

Why it matters: the title is what an alert shows, in one line and mostly cut; a
sentence, a full stop or 'Detects' takes the place of what happened.

Bad::  title: Detects the creation of pods.        Good::  title: Privileged Pod Created
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject

CODE = "S021"
LONGEST = 120
"""Characters that a list of alerts shows."""
_OPENING = re.compile(r"(detects?|detection of|detecting|this rule|rule to|rule for)\b", re.IGNORECASE)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for a title with blanks around it, a full stop, an opening that says nothing, or too many characters."""
    title, place = subject.rule.title, subject.place("title")
    neat = " ".join(title.split())
    neat = neat[:-1] if neat.endswith(".") and not neat.endswith(("..", "etc.", "e.g.", "Inc.")) else neat
    if neat != title and neat:
        fix = replaced(subject.source, place, neat, safe=True, key="title")
        what = "ends with a full stop" if title.rstrip().endswith(".") else "has blanks or line breaks that an alert does not show"
        yield finding(CODE, subject.source, place, f"the title {what}", f"write '{neat}'", fix=fix)
    if len(neat) > LONGEST:
        message = f"the title has {len(neat)} characters, more than {LONGEST}"
        yield finding(CODE, subject.source, place, message, "say what happened; the rest belongs to the description")
    opening = _OPENING.match(neat)
    if opening:
        message = f"'{opening.group()}' says what every rule does"
        yield finding(CODE, subject.source, place, message, "begin with what happened, such as 'Privileged Pod Created'")
