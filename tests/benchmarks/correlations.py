"""Events a second and memory of ``match`` with correlations on an endless stream: ``python -m tests.benchmarks.correlations``.

Eight correlations, one of each type, over logons of ever new users; every
event counts for all of them and some come late.  Memory is the process's
highest, for a stream and for one four times as long: it does not grow.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
LOGON = """title: {name}
name: {name}
id: 53ba33fd-3a50-4468-a5ef-c583635cfa9{number}
logsource: {{product: windows, service: security}}
detection: {{selection: {{EventID: {event}}}, condition: selection}}
"""
TYPES = {
    "event_count": "{gte: 20}",
    "value_count": "{field: IpAddress, gte: 15}",
    "value_sum": "{field: Bytes, gt: 90000}",
    "value_avg": "{field: Bytes, gt: 9000}",
    "value_median": "{field: Bytes, gt: 9900}",
    "value_percentile": "{field: Bytes, percentile: 90, gt: 9990}",
    "temporal": "",
    "temporal_ordered": "",
}


def rules() -> str:
    """The pack: two detections, and a correlation of each type."""
    documents = [LOGON.format(name="failed", number=0, event=4625), LOGON.format(name="success", number=1, event=4624)]
    for kind, condition in TYPES.items():
        section = f"type: {kind}, rules: [failed, success], group-by: [TargetUserName], timespan: 10m"
        documents.append(f"title: {kind}\ncorrelation: {{{section}{', condition: ' + condition if condition else ''}}}\n")
    return "---\n".join(documents)


def run(folder: Path, events: int) -> tuple[float, float, int]:
    """Return CPU seconds, the highest memory in MB, and the number of alerts of a stream of so many events."""
    choose = random.Random(7)
    command = [str(BIN / "converter"), "match", str(folder), "-", "--lateness", "1m"]
    with (folder / "alerts").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL)
        assert process.stdin is not None
        for number in range(events):
            late = choose.random() * 50
            system = {
                "EventID": 4625 - (number % 9 == 0),
                "Channel": "Security",
                "TimeCreated": {"@SystemTime": 1.7e9 + number / 20 - late},
            }
            user = f"user{number // 40_000 * 500 + choose.randrange(1000)}"
            data = {"TargetUserName": user, "IpAddress": f"10.0.0.{choose.randrange(256)}", "Bytes": choose.randrange(10_000)}
            process.stdin.write(json.dumps({"Event": {"System": system, "EventData": data}}).encode() + b"\n")
        process.stdin.close()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    alerts = len((folder / "alerts").read_bytes().splitlines())
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, alerts


def correlations() -> None:
    """Both streams, in one run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yml").write_text(rules(), encoding="utf-8")
        idle, bare, _ = run(folder, 0)
        small, large = run(folder, 20_000), run(folder, 80_000)
    for count, (took, memory, alerts) in ((20_000, small), (80_000, large)):
        print(
            f"correlations: {count} events through {len(TYPES)} correlations: {count / (took - idle):,.0f} events/s CPU, "
            f"{alerts} alerts, at most {memory:.0f} MB ({memory - bare:.0f} MB more than without events)"
        )
    print(f"correlations: four times the events need {large[1] / small[1]:.2f} times the memory")


if __name__ == "__main__":
    correlations()
