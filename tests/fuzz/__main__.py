"""Run mutated documents and tell what was found: ``python -m tests.fuzz --count 50000``."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.documents import corpus_seeds, mutant, own_seeds
from tests.fuzz.whole_way import examine


def main() -> int:
    """Return 1 when a document showed a problem of ours."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=50_000)
    options.add_argument("--start", type=int, default=0)
    options.add_argument("--seed", type=int, default=6)
    options.add_argument("--seconds", type=float, default=1e9, help="stop after so many seconds of CPU")
    options.add_argument("--corpus", type=Path, help="a folder of rules to mutate in place of the project's own")
    options.add_argument("--only", type=int, help="one number: show its document")
    options.add_argument("--report", type=Path)
    options.add_argument("--keep", type=Path, help="a folder for the documents that showed a problem")
    given = options.parse_args()
    seeds = corpus_seeds(given.corpus) if given.corpus else own_seeds()
    facts: Counter[str] = Counter()
    by_mutator: dict[str, Counter[str]] = defaultdict(Counter)
    problems: list[tuple[int, str]] = []
    slow: list[tuple[float, int, str]] = []
    began = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in [given.only] if given.only is not None else range(given.start, given.start + given.count):
            one = mutant(given.seed, number, seeds)
            if given.only is not None:
                sys.stdout.buffer.write(one.data[:3000] + b"\n")
                print(one.seed.name, one.mutators)
            seen = examine(one.data, Path(folder))
            done += 1
            facts.update(seen.facts)
            for name in one.mutators:
                by_mutator[name]["documents"] += 1
                by_mutator[name].update(key for key in ("read", "meant") if seen.facts[key])
            problems += [(number, problem) for problem in seen.problems]
            slow.append((seen.cpu_s, number, f"{max(seen.stages, key=lambda key: seen.stages[key])} {one.mutators} {one.seed.name}"))
            slow = sorted(slow, reverse=True)[:10]
            now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if now > memory + 50_000:
                print(f"memory: {memory >> 10} to {now >> 10} MiB at {number} {one.mutators} {one.seed.name}", flush=True)
                memory = now
            if seen.problems and given.keep:
                (given.keep / f"{number}.yml").write_bytes(one.data)
            for problem in seen.problems:
                print(f"{number}: {problem}", flush=True)
            if time.process_time() - began > given.seconds:
                break
    took = time.process_time() - began
    result = {
        "documents": done,
        "cpu_s": round(took, 1),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "problems": len(problems),
        "mutators": {name: dict(found) for name, found in sorted(by_mutator.items())},
        "slowest": slow,
        "facts": dict(sorted(facts.items(), key=lambda pair: -pair[1])),
    }
    text = json.dumps(result, indent=1)
    if given.report:
        given.report.write_text(text, encoding="utf-8")
    print(text if given.only is None else seen)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
