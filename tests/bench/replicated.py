"""What a standby costs: a pair beside a broker alone, in one run; and how long a promotion takes with
a million sessions. Used by `run`."""

import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time

LOADS = [("1 a write", "pairs --qos 1 --persistent"),
         ("10 a write", "pairs --qos 1 --persistent --batch 10")]
MODES = ["async", "received", "written", "flushed"]
PRIMARY_BUDGET = 1.25  # CPU of the primary, written, to that of a broker alone.
STANDBY_BUDGET = 0.5  # CPU of the standby to that of its primary.
LATENCY_BUDGET_MS = 0.2  # Of a PUBACK, beyond that of a broker alone.
SESSIONS = 1_000_000
PROMOTION_BUDGET_MS = 100
SYNC_LIMIT_S = 300
CONNECT = bytes((0x10, 16, 0, 4)) + b"MQTT" + bytes((4, 2, 0, 60, 0, 4)) + b"test"


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Node:
    """One daemon of a pair, with what `run` wants to know of a broker."""

    name = "tandemq"

    def __init__(self, run, name, folder, ports, cpus, options=()):
        self.run, self.folder, self.port = run, os.path.join(folder, name), run.free_port()
        os.makedirs(self.folder, exist_ok=True)
        own, peer = ports if name == "a" else reversed(ports)
        command = [str(run.BUILD / "tandemqd"), f"--node.id={name}", f"--data.dir={self.folder}",
                   f"--listener=mqtt://127.0.0.1:{self.port}", "--auth.anonymous=true",
                   f"--admin.socket={self.folder}/admin.sock", "--admin.http=",
                   "--limits.max_connections=100000",
                   f"--replication.listen=127.0.0.1:{own}", f"--replication.peer=127.0.0.1:{peer}",
                   "--failover.policy=manual",
                   f"--replication.secret_file={folder}/secret", *options]
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log,
                                            preexec_fn=lambda: os.sched_setaffinity(0, cpus))

    def ctl(self, *words):
        done = subprocess.run([str(self.run.BUILD / "tandemqctl"), "--json",
                               f"--socket={self.folder}/admin.sock", *words],
                              capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait(self, condition, what, limit_s=SYNC_LIMIT_S):
        deadline = time.monotonic() + limit_s
        while True:
            status = self.ctl("status")
            if status and condition(status):
                return status
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"no {what}: {open(self.folder + '/log').read()[-2000:]}")
            time.sleep(0.01)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


class Pair:
    def __init__(self, run, options=(), cpus=None, prepare=None):
        self.home = tempfile.TemporaryDirectory(prefix="bench-")
        folder = self.home.name
        with open(os.path.join(folder, "secret"), "w") as file:
            file.write(secrets.token_hex(32))
        os.chmod(file.name, 0o600)
        if prepare:
            prepare(folder)
        ports = [run.free_port(), run.free_port()]
        self.nodes = [Node(run, name, folder, ports, cpus or run.broker_cpus(), options)
                      for name in "ab"]
        self.primary, self.standby = self.nodes
        try:
            status = self.primary.wait(lambda one: True, "start")
            if status["role"] != "primary" and not prepare:
                self.primary.ctl("promote")
            self.standby.wait(lambda one: one["peer"]["in_sync"], "standby in sync")
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.end()
        self.home.cleanup()


def traffic(run, seconds, rounds):
    figures = {}
    for _ in range(rounds):
        for load, arguments in LOADS:
            print(f"QoS 1, {load}, alone", file=sys.stderr, flush=True)
            with run.Broker("tandemq") as broker:
                one = run.run_load(broker, arguments, seconds)
            figures.setdefault((load, "alone"), []).append(one)
            for mode in MODES:
                print(f"QoS 1, {load}, {mode}", file=sys.stderr, flush=True)
                with Pair(run, [f"--replication.mode={mode}"]) as pair:
                    before = [cpu_s(node.process.pid) for node in pair.nodes]
                    one = run.run_load(pair.primary, arguments, seconds)
                    spent = [cpu_s(node.process.pid) - since
                             for node, since in zip(pair.nodes, before)]
                    status = pair.primary.ctl("status")
                    one["standby_share"] = spent[1] / spent[0]
                    one["lag_bytes"] = status["replication"]["lag_bytes"]
                    one["in_sync"] = status["peer"]["in_sync"]
                figures.setdefault((load, mode), []).append(one)
    rows = []
    for load, _ in LOADS:
        alone = statistics.median(one["broker_cpu_us_per_message"]
                                  for one in figures[(load, "alone")])
        for kind in ["alone", *MODES]:
            runs = figures[(load, kind)]
            median = lambda name: statistics.median(one[name] for one in runs)
            cpu = median("broker_cpu_us_per_message")
            row = [f"{kind}, {load}", f"{cpu:.2f}", f"{cpu / alone:.2f}"]
            if kind == "alone":
                row += ["", f"{median('delivered_per_s'):,.0f}", ""]
            else:
                row += [f"{median('standby_share'):.2f}", f"{median('delivered_per_s'):,.0f}",
                        f"{max(one['lag_bytes'] for one in runs):,.0f}"
                        + ("" if all(one["in_sync"] for one in runs) else ", lost")]
            rows.append(row)
    head = ["QoS 1, 100 pairs, lasting sessions", "primary CPU, µs",
            f"ratio (written ≤ {PRIMARY_BUDGET})", f"standby to primary (≤ {STANDBY_BUDGET})",
            "delivered per s", "lag at the end, bytes"]
    return "## What a standby costs\n\n" + run.table(head, rows)


def latency(run, rounds):
    everywhere = os.sched_getaffinity(0)
    figures = {}
    for _ in range(rounds):
        with run.Broker("tandemq", cpus=everywhere) as broker:
            one = run.run_load(broker, f"commit --messages 2000 --dir {broker.folder.name}", 30)
        figures.setdefault("alone", []).append(one)
        for mode in MODES:
            with Pair(run, [f"--replication.mode={mode}"], everywhere) as pair:
                one = run.run_load(pair.primary,
                                   f"commit --messages 2000 --dir {pair.primary.folder}", 30)
            figures.setdefault(mode, []).append(one)
    median = lambda kind, name: statistics.median(one[name] for one in figures[kind])
    alone = median("alone", "puback_p50_us")
    rows = [[kind, f"{median(kind, 'puback_p50_us'):,.0f}", f"{median(kind, 'puback_p99_us'):,.0f}",
             "" if kind == "alone" else f"{(median(kind, 'puback_p50_us') - alone) / 1000:+.2f}"]
            for kind in ["alone", *MODES]]
    return ("\n## One message at a time in a pair, PUBLISH to PUBACK, µs\n\n" + run.table(
        ["", "p50", "p99", f"beyond alone, ms (≤ {LATENCY_BUDGET_MS})"], rows))


def first_connack(port):
    """Asks again and again until somebody has answered CONNECT."""
    while True:
        with socket.socket() as client:
            client.settimeout(10)
            if client.connect_ex(("127.0.0.1", port)) == 0:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.sendall(CONNECT)
                if client.recv(4)[:1] == b"\x20":
                    return time.monotonic()


def promotion(run):
    def prepare(folder):
        os.makedirs(f"{folder}/a")
        subprocess.run([str(run.LOAD), "recovery", "--connections", str(SESSIONS), "--make",
                        f"{folder}/a/store"], check=True, stdout=subprocess.DEVNULL)

    print("promotion", file=sys.stderr, flush=True)
    everywhere = os.sched_getaffinity(0)
    began = time.monotonic()
    with Pair(run, cpus=everywhere, prepare=prepare) as pair:
        synced_s = time.monotonic() - began
        sessions = pair.primary.ctl("status")["sessions"]
        pair.primary.process.kill()
        pair.primary.process.wait()
        pair.standby.wait(lambda one: not one["peer"]["connected"], "loss of the primary")
        began = time.monotonic()
        command = subprocess.Popen([str(run.BUILD / "tandemqctl"),
                                    f"--socket={pair.standby.folder}/admin.sock", "promote"],
                                   stdout=subprocess.DEVNULL)
        took_ms = (first_connack(pair.standby.port) - began) * 1000
        command.wait(30)
        after = pair.standby.ctl("status")
        if command.returncode != 0 or after["sessions"] < sessions:
            raise RuntimeError(f"the promotion has failed: {after}")
    rows = [[f"from the command to the first CONNACK, ms (≤ {PROMOTION_BUDGET_MS})",
             f"{took_ms:,.0f}"],
            ["before that: making, starting, full sync of the standby, s", f"{synced_s:,.0f}"]]
    head = [f"{SESSIONS:,} sessions, each with a subscription and a message of 100 bytes", ""]
    return "\n## Promotion\n\n" + run.table(head, rows)


def text(run, seconds, rounds):
    return traffic(run, seconds, rounds) + latency(run, rounds) + promotion(run)
