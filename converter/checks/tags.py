"""S007 tags: a tag that its namespace does not have, above all an ATT&CK technique that is unknown, revoked or deprecated.

Why it matters: the threat block of every target and all coverage tables come
from the tags; an unknown one is left out without a word.

Bad::  tags: [attack.t1086]        Good::  tags: [attack.t1059.001]
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache

from converter.checks.finding import Finding, finding, removed, replaced
from converter.checks.subject import Subject
from converter.data import attack_tags, attack_version, load, retired, tactic, technique
from converter.model import Severity

CODE = "S007"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each tag that is wrong or stands twice."""
    seen: set[str] = set()
    for number, tag in enumerate(subject.rule.tags):
        problem = "stands twice" if tag in seen else "" if _is_sound(tag) else "unknown"
        seen.add(tag)
        if problem:
            place = subject.tag_place(number)
            if problem == "stands twice":
                fix = removed(subject.source, place, safe=True, key="tags")
                yield finding(CODE, subject.source, place, f"the tag '{tag}' stands twice", "delete one of the two", fix=fix)
            else:
                yield _told(subject, tag, place)


def _is_sound(tag: str) -> bool:
    """Whether nothing is to be said of a tag: own namespaces are free."""
    namespace, dot, name = tag.partition(".")
    pattern = load("tags.yml")["namespaces"].get(namespace)
    if not dot or pattern is None:
        return bool(dot) and not difflib.get_close_matches(namespace.lower(), load("tags.yml")["namespaces"], n=1, cutoff=0.8)
    if not re.fullmatch(pattern, name):
        return False
    if namespace != "attack" or re.fullmatch(r"(g|s|ds|m|a|c)\d{4}", name):
        return True
    if name[0] == "t" and name[1].isdecimal():
        return technique(tag) is not None and retired(tag) is None
    return tactic(tag) is not None or name in load("tags.yml")["later_tactics"]


def _told(subject: Subject, tag: str, place: int) -> Finding:
    source = subject.source
    near = _near(tag)
    if near is not None:
        fix = replaced(source, place, near, safe=True, key="tags")
        return finding(CODE, source, place, f"the tag '{tag}' is written '{near}'", f"write '{near}'", fix=fix)
    successors = retired(tag)
    found = technique(tag)
    if successors and found:
        new = f"attack.{successors[0].lower()}"
        name = technique(new)
        fix = replaced(source, place, new, safe=True, key="tags") if new not in subject.rule.tags else None
        message = f"ATT&CK revoked {found.id} {found.name}"
        help_text = f"write '{new}'" + (f" ({name.name})" if name else "")
        return finding(CODE, source, place, message, help_text, fix=fix)
    if successors == () and found:
        return finding(CODE, source, place, f"ATT&CK deprecated {found.id} {found.name}", "choose a technique of today, or leave it out")
    if re.fullmatch(r"attack\.t\d{4}(\.\d{3})?", tag):
        if tag[8:12] > max(one[8:12] for one in attack_tags() if one[7] == "t" and one[8].isdecimal()):
            message = f"'{tag}' is newer than ATT&CK {attack_version()}, whose names are used here"
            return finding(CODE, source, place, message, "outputs leave it out of their threat block", severity=Severity.NOTE)
        return finding(CODE, source, place, f"ATT&CK has no technique {tag[7:].upper()}", _guess(tag))
    what = "tactic" if tag.startswith("attack.") else "tag"
    return finding(CODE, source, place, f"there is no {what} '{tag}'", _guess(tag))


def _near(tag: str) -> str | None:
    """Return the sound tag that this one is but for capitals, blanks and underscores."""
    new = re.sub(r"[\s_]+", "-", tag.strip().lower())
    return new if new != tag and "." in new and _is_sound(new) and new.partition(".")[0] in load("tags.yml")["namespaces"] else None


def _guess(tag: str) -> str:
    """Return what may have been meant; few names are compared, because a comparison of texts is slow and a rule may hold many tags."""
    namespaces = load("tags.yml")["namespaces"]
    if "." not in tag and (re.fullmatch(r"[Tt]\d{4}(\.\d{3})?", tag) or tactic(tag)):
        return f"did you mean 'attack.{tag.lower()}'?"
    number = re.search(r"t\d{4}", tag)
    known = [one for one in attack_tags() if one.startswith(f"attack.{number[0]}")] if number else _tactics()
    close = difflib.get_close_matches(tag[:100], known or _tactics(), n=1, cutoff=0.75)
    if close:
        return f"did you mean '{close[0]}'?"
    namespace = tag.partition(".")[0]
    if namespace in namespaces and namespace != "attack":
        return f"the form of a tag of '{namespace}' is {namespaces[namespace]}"
    return "tags are a namespace, a dot and a name, such as attack.t1059.001"


@cache
def _tactics() -> list[str]:
    return [one for one in attack_tags() if not re.match(r"attack\.t\d", one)]
