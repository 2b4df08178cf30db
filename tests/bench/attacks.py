"""How long others wait while somebody attacks the broker: a thousand messages a second of theirs, and one
attack of tests/e2e/hostile.py at a time. Used by `run`."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))

# pylint: disable=wrong-import-position
from fortress import Fortress  # noqa: E402
from hostile import ATTACKS  # noqa: E402

SECONDS = 8
HEAD_START_S = 1  # Of the attack.
LOAD = "latency --connections 10 --qos 1 --rate 1000"
P99_BUDGET_MS = 50
METHOD = """\
## Under attack

The attackers have the core of the load, at a lower priority than it; they come from a hundred addresses.

"""


def memory_mb(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


class Watch:
    """The most memory that a process has had."""

    def __init__(self, pid):
        self.pid, self.most, self.ends = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.ends.wait(0.05):
            self.most = max(self.most, memory_mb(self.pid))

    def stop(self):
        self.ends.set()
        self.thread.join()
        return self.most


def yields(run):
    os.sched_setaffinity(0, run.load_cpus())
    os.nice(10)


def attacked(run, fortress, attack):
    """(what the attack came to, what the load measured, MB more at the most)"""
    with run.Broker("tandemq", options=fortress.options) as broker:
        before = memory_mb(broker.process.pid)
        watch = Watch(broker.process.pid)
        command = [sys.executable, E2E / "hostile.py", attack, str(fortress.port_for(attack)),
                   str(SECONDS + HEAD_START_S)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: yields(run)) as attacker:
            try:
                time.sleep(HEAD_START_S)  # So much of the attack is not measured.
                figures = run.run_load(broker, LOAD, SECONDS)
                found = json.loads(attacker.stdout.read())
            finally:
                attacker.kill()
                most = watch.stop()
    if attacker.returncode != 0 or found.get("entered", 0) > 0:
        raise RuntimeError(f"{attack}: {found}")
    return found, figures, most - before


def text(run):
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        fortress = Fortress(pathlib.Path(folder))
        for attack in ATTACKS:
            print(f"attack: {attack}", file=sys.stderr, flush=True)
            found, figures, more = attacked(run, fortress, attack)
            waits = [figures[f"latency_{which}_us"] / 1000 for which in ("p50", "p99", "p999")]
            came_to = ", ".join(f"{what} {count:,}" for what, count in found.items())
            rows.append([attack.replace("_", " "), *(f"{wait:.2f}" for wait in waits), f"{more:.0f}",
                         came_to])
    head = ["attack", "p50, ms", f"p99 (≤ {P99_BUDGET_MS})", "p99.9", "memory, MB more",
            "what it came to"]
    return METHOD + run.table(head, rows)
