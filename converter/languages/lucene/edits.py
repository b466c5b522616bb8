"""How far two texts are apart, as fuzzy queries count: characters put in, left out, changed, or neighbours swapped.

Source: Lucene 9 FuzzyQuery and Damerau-Levenshtein automata ("optimal string alignment").
"""

from __future__ import annotations


def usual_distance(text: str) -> int:
    """Return the edits that ``~`` alone allows: none below three characters, one below six, else two (``AUTO``)."""
    return (len(text) > 2) + (len(text) > 5)


def within(wanted: str, found: str, most: int) -> bool:
    """Say whether at most ``most`` edits make ``found`` of ``wanted``."""
    if abs(len(wanted) - len(found)) > most:
        return False
    before: list[int] = []
    last = list(range(len(found) + 1))
    for row, char in enumerate(wanted, 1):
        line = [row]
        for column, other in enumerate(found, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (char != other))
            if row > 1 and column > 1 and char == found[column - 2] and wanted[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return False
        before, last = last, line
    return last[-1] <= most
