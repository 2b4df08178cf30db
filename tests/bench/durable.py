"""What durability costs: QoS 1 in memory and on the disk side by side, the latency of a commit, the
start with many sessions, and a long backlog in little memory. Used by `run`."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

# (what, arguments of the load, options of the broker)
KINDS = [
    ("in memory: sessions that end", "", []),
    ("lasting sessions, store.in_memory", "--persistent", ["--store.in_memory=true"]),
    ("store.sync = never", "--persistent", ["--store.sync=never"]),
    ("store.sync = interval:100", "--persistent", ["--store.sync=interval:100"]),
    ("store.sync = commit", "--persistent", ["--store.sync=commit"]),
]
LOADS = [("1 a write", "pairs --qos 1"), ("10 a write", "pairs --qos 1 --batch 10")]
ROWS_BUDGET = 0.1  # Written to the tables per message while the subscribers are there.
RATIO_BUDGET = 1.5  # CPU of commit to CPU in memory.
SESSIONS = 1_000_000
RECOVERY_BUDGET_S = 5
BACKLOG = 2_000_000
BACKLOG_BUDGET_MB = 1000


def status(run, broker):
    socket = f"{broker.folder.name}/admin.sock"
    done = subprocess.run([str(run.BUILD / "tandemqctl"), f"--socket={socket}", "--json", "status"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def qos1(run, seconds, rounds):
    figures = {}
    for _ in range(rounds):
        for load, arguments in LOADS:
            for kind, more, options in KINDS:
                print(f"QoS 1, {load}, {kind}", file=sys.stderr, flush=True)
                with run.Broker("tandemq", options=options) as broker:
                    one = run.run_load(broker, f"{arguments} {more}", seconds)
                    seen = status(run, broker)
                    one["rows"] = seen["table_rows"] / seen["received"]["qos1"]
                figures.setdefault((load, kind), []).append(one)
    median = lambda key, name: statistics.median(one[name] for one in figures[key])
    rows = []
    for load, _ in LOADS:
        for kind, _, _ in KINDS:
            key = (load, kind)
            cpu = median(key, "broker_cpu_us_per_message")
            first = median((load, KINDS[0][0]), "broker_cpu_us_per_message")
            rows.append([f"{kind}, {load}", f"{cpu:.2f}", f"{cpu / first:.2f}",
                         f"{median(key, 'delivered_per_s'):,.0f}", f"{median(key, 'rows'):.3f}"])
    head = ["QoS 1, 100 pairs", "broker CPU, µs", f"ratio (commit ≤ {RATIO_BUDGET})",
            "delivered per s", f"table rows per message (< {ROWS_BUDGET})"]
    return "## What durability costs\n\n" + run.table(head, rows)


def commit(run):
    # On all processors: of the time of a single message most is spent in waking somebody up.
    with run.Broker("tandemq", cpus=os.sched_getaffinity(0)) as broker:
        one = run.run_load(broker, f"commit --messages 2000 --dir {broker.folder.name}", 30)
    rows = [[name, f"{one[f'fdatasync_{name}_us']:,.0f}", f"{one[f'puback_{name}_us']:,.0f}"]
            for name in ("p50", "p99")]
    rows.append(["ratio of the medians (≤ 2)", "", f"{one['p50_ratio']:.2f}"])
    return ("\n## One message at a time, µs\n\n"
            + run.table(["", "write and fdatasync of the disk", "PUBLISH to PUBACK"], rows))


def recovery(run):
    command = [str(run.LOAD), "recovery", "--connections", str(SESSIONS), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True,
                          env={**os.environ, "TMPDIR": tempfile.gettempdir()})
    one = json.loads(done.stdout)
    rows = [["open the store, s", f"{one['open_s']:.2f}"],
            ["tables, log, State::check(), s", f"{one['recover_s']:.2f}"],
            [f"together, s (≤ {RECOVERY_BUDGET_S})", f"{one['start_s']:.2f}"],
            ["rows loaded", f"{one['rows']:,.0f}"],
            ["records replayed, of 100 sessions each", f"{one['records']:,.0f}"],
            ["memory, MB", f"{one['memory_bytes'] / 1e6:,.0f}"],
            ["on the disk, MB", f"{one['disk_bytes'] / 1e6:,.0f}"]]
    head = [f"{SESSIONS:,} sessions, each with a subscription and a message of 100 bytes", ""]
    return "\n## Start\n\n" + run.table(head, rows)


def backlog(run):
    options = ["--memory.bodies_max_bytes=256M", "--limits.max_queued_messages=1000000",
               "--limits.max_queued_bytes=2G"]
    with run.Broker("tandemq", options=options) as broker:
        one = run.run_load(broker, f"backlog --connections 20 --messages {BACKLOG} --size 1024 "
                           "--qos 1", 600)
    rows = [["published, messages a second", f"{BACKLOG / one['publish_s']:,.0f}"],
            ["fetched, messages a second", f"{BACKLOG / one['fetch_s']:,.0f}"],
            [f"resident while they queue, MB (< {BACKLOG_BUDGET_MB:,})",
             f"{one['rss_queued_max'] / 1e6:,.0f}"],
            [f"resident while they drain, MB (< {BACKLOG_BUDGET_MB:,})",
             f"{one['rss_drained_max'] / 1e6:,.0f}"],
            ["received", f"{one['received']:,.0f}"],
            ["lost", f"{one['lost']:,.0f}"],
            ["twice or out of order", f"{one['repeated']:,.0f}"]]
    head = [f"{BACKLOG:,} messages of 1 KB for 20 sessions that are away, "
            "memory.bodies_max_bytes = 256 MB", ""]
    return "\n## A long backlog\n\n" + run.table(head, rows)


def text(run, seconds, rounds):
    return qos1(run, seconds, rounds) + commit(run) + recovery(run) + backlog(run)
