"""A pair in a network of its own: namespaces for node a, node b, a client and the witness, bridges
between them in another one, and real keepalived. The machine's own network is not touched; all this
goes with close(), or at the end of the process. Needs root."""

import atexit
import contextlib
import ctypes
import errno
import itertools
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from client import Client, unique
from conftest import ROOT, Daemon
from pair import PATIENCE_S, Node, Pair, patient, write_secret
import wire

HOSTS = ("a", "b", "client", "witness")
# Each network is a bridge; the hosts on it, with the last number of their addresses.
CLIENTS = {"a": 1, "b": 2, "client": 3}
REPLICATION = {"a": 1, "b": 2}
WITNESS = {"a": 1, "b": 2, "witness": 3}
NETWORKS = {"clients": ("192.0.2", CLIENTS), "replication": ("198.51.100", REPLICATION),
            "witness": ("203.0.113", WITNESS)}
VIP = "192.0.2.10"
MQTT_PORT = 1883
REPLICATION_PORT = 7400
HEARTBEAT_PORT = 7401
GATEWAY = "192.0.2.3"  # The host `client`.
DISCARD_PORT = 9
TOOLS = ("ip", "nft", "keepalived")
CLONE_NEWNET = 0x40000000

_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def require():
    """Skips the test where it cannot run, and says why."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root: run it as root")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not found: run make deps")


def address(network, host):
    prefix, hosts = NETWORKS[network]
    return f"{prefix}.{hosts[host]}"


def mac(network, host):
    """Known before there is an interface, so that a cut needs to ask nobody."""
    return f"02:00:00:00:{list(NETWORKS).index(network):02x}:{HOSTS.index(host):02x}"


def _set_namespace(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Network:
    def __init__(self):
        self.prefix = f"tandemq-{os.getpid()}-{next(_numbers)}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tandemq-netns-"))
        self.namespaces = []
        self.processes = []
        self.cuts = {}  # (receiver, network) to {sender: percent}
        # Who ends the tests by SIGTERM has them clean up, as with Ctrl-C.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        atexit.register(self.close)
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self):
        for host in ("switch", *HOSTS):
            self._call("ip", "netns", "add", self.name(host))
            self.namespaces.append(host)
            self._ip(host, "link set lo up")
        for network, (_, hosts) in NETWORKS.items():
            self._ip("switch", f"link add {network} type bridge")
            self._ip("switch", f"link set {network} up")
            for host in hosts:
                self._connect(network, host)

    def _connect(self, network, host):
        port = self.port(network, host)
        self._ip("switch", f"link add {port} type veth peer name {network} "
                           f"address {mac(network, host)} netns {self.name(host)}")
        self._ip("switch", f"link set {port} master {network} up")
        self._ip(host, f"addr add {address(network, host)}/24 dev {network}")
        self._ip(host, f"link set {network} up")

    def name(self, host):
        return f"{self.prefix}-{host}"

    @staticmethod
    def port(network, host):
        """Of the bridge; the kernel takes 15 characters."""
        return f"{host}-{network}"[:15]

    # --- running things

    def words(self, host):
        """What stands before a command that runs on `host`."""
        return ["ip", "netns", "exec", self.name(host)]

    def run(self, host, command, **options):
        """Runs a list of words to its end; its output is text, and it must not fail."""
        done = subprocess.run([*self.words(host), *command], capture_output=True, text=True,
                              timeout=PATIENCE_S, **options)
        assert done.returncode == 0, f"{command} on {host}: {done.stdout}{done.stderr}"
        return done.stdout

    def popen(self, host, command, **options):
        """Starts a process, whose pid is that of the command; close() ends it, if nobody has."""
        process = subprocess.Popen([*self.words(host), *command], **options)
        self.processes.append(process)
        return process

    @contextlib.contextmanager
    def inside(self, host):
        """The calling thread is on `host`. A socket made meanwhile stays there for good, whoever
        uses it, and when."""
        ours = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        try:
            theirs = os.open(f"/run/netns/{self.name(host)}", os.O_RDONLY)
            try:
                _set_namespace(theirs)
            finally:
                os.close(theirs)
            try:
                yield
            finally:
                _set_namespace(ours)
        finally:
            os.close(ours)

    # --- breaking the network

    def cut(self, one, other, direction="both", network="replication", percent=100):
        """What `one` sends never comes to `other` ("to"), what `other` sends never to `one`
        ("from"), or neither; of it only so many percent, if the network is just bad. Not even
        ARP passes, and both still see a link that is up. heal() ends it."""
        assert direction in ("both", "to", "from")
        if direction != "from":
            self._drop(one, other, network, percent)
        if direction != "to":
            self._drop(other, one, network, percent)

    def _drop(self, sender, receiver, network, percent):
        self.cuts.setdefault((receiver, network), {})[sender] = percent
        self._load_cuts(receiver, network)

    def heal(self, one=None, other=None, network=None):
        """Between the two, or what is cut anywhere."""
        for (receiver, where), senders in self.cuts.items():
            if network not in (None, where) or one is not None and receiver not in (one, other):
                continue
            for sender in list(senders):
                if one is None or sender in (one, other):
                    del senders[sender]
            self._load_cuts(receiver, where)

    def _load_cuts(self, host, network):
        """The whole table of one interface at once: it is the old one or the new one."""
        rules = "".join(
            f"ether saddr {mac(network, sender)} "
            + ("drop;\n" if percent >= 100 else f"numgen random mod 100 < {percent} drop;\n")
            for sender, percent in self.cuts[host, network].items())
        table = f"table netdev cut_{network}"
        self.run(host, ["nft", "-f", "-"], input=(
            f"{table}\ndelete {table}\n{table} {{ chain ingress {{\n"
            f'type filter hook ingress device "{network}" priority 0;\n{rules}}}\n}}\n'))

    def unplug(self, host, *networks):
        """Pulls cables, all if none is named: the interfaces of `host` lose their carrier."""
        self._set_ports(host, networks, "down")

    def plug(self, host, *networks):
        self._set_ports(host, networks, "up")

    def _set_ports(self, host, networks, state):
        for network in networks or [one for one in NETWORKS if host in NETWORKS[one][1]]:
            self._ip("switch", f"link set {self.port(network, host)} {state}")

    def holders(self, wanted=VIP):
        """The nodes on which the address is configured."""
        return [host for host in "ab"
                if f"inet {wanted}/" in self._ip(host, "-4 addr show dev clients")]

    def reaches(self, host, wanted, timeout_s=1):
        """Whether an address answers `host`: that nobody listens there is an answer too."""
        with self.inside(host), socket.socket() as probe:
            probe.settimeout(timeout_s)
            return probe.connect_ex((wanted, DISCARD_PORT)) in (0, errno.ECONNREFUSED)

    def neighbour(self, host, wanted):
        """The hardware address to which `host` sends what is for this address."""
        words = self._ip(host, f"neigh show {wanted}").split()
        return words[words.index("lladdr") + 1] if "lladdr" in words else None

    def forget_vip(self, host):
        if host in self.holders():
            self._ip(host, f"addr del {VIP}/24 dev clients")

    # --- the end

    def close(self):
        atexit.unregister(self.close)
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        for host in self.namespaces:
            self._end_all_in(host)
            subprocess.run(["ip", "netns", "delete", self.name(host)], check=False)
        self.namespaces.clear()
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end_all_in(self, host):
        """Children of what was killed; a namespace lives as long as they do. Nobody but what this
        test has started is in there."""
        for pid in self.pids(host):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def pids(self, host):
        found = subprocess.run(["ip", "netns", "pids", self.name(host)], capture_output=True,
                               text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def _ip(self, host, words):
        return self._call("ip", "-n", self.name(host), *words.split())

    @staticmethod
    def _call(*words):
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout


class Keepalived:
    """keepalived of one node, with etc/keepalived.conf.NODE; its role and claim files stand in
    `run_folder`. VRRP only, in the foreground, with pid files of its own."""

    def __init__(self, network, host, run_folder):
        self.network = network
        self.host = host
        self.run_folder = run_folder
        self.process = None
        self.log = network.folder / f"keepalived-{host}.log"
        self.config = network.folder / f"keepalived-{host}.conf"
        text = (ROOT / f"etc/keepalived.conf.{host}").read_text()
        for shipped, ours in (("/run/tandemq", str(run_folder)), ("eth0", "clients")):
            assert shipped in text, f"etc/keepalived.conf.{host} has no {shipped}"
            text = text.replace(shipped, ours)
        self.config.write_text(text)

    def start(self):
        already = self.text().count("Startup complete")
        with self.log.open("ab") as log:
            self.process = self.network.popen(self.host, [
                "keepalived", "--dont-fork", "--log-console", "--log-detail", "--vrrp",
                f"--use-file={self.config}", f"--pid={self.config}.pid",
                f"--vrrp_pid={self.config}.vrrp.pid"
            ], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        await_that(lambda: self.text().count("Startup complete") > already, "keepalived", self.text)

    def vrrp_pid(self):
        """Its child, which does the work."""
        return int(pathlib.Path(f"{self.config}.vrrp.pid").read_text())

    def stop(self):
        """In order: it takes the virtual IP away."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def kill(self):
        """Both processes at once. One alone would be started again by its parent, or told to end
        in order by its death."""
        child = self.vrrp_pid()
        self.process.send_signal(signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        # The next one takes an orphan that nobody has reaped yet for one that runs.
        for file in self.network.folder.glob(f"{self.config.name}.*pid"):
            file.unlink()

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def await_that(condition, what, text=lambda: "", patience_s=PATIENCE_S):
    """Returns the seconds that it took."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() < begin + patience_s, f"waited for {what}:\n{text()}"
        time.sleep(0.002)
    return time.monotonic() - begin


def say(folder, name, text):
    """As the daemon does: by rename."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.new").write_text(text)
    (folder / f"{name}.new").rename(folder / name)


class NetNode(Node):
    """A node of a pair whose daemon runs on the host of its name, and serves there on every
    address. It writes its role and claim files into `run_folder`. `wrapper` stands before its
    command; on a `small_disk` its data.dir is one of so many bytes, that ends with it."""

    def __init__(self, network, name, options, wrapper=(), small_disk=0):
        self.name = name
        self.is_away = False
        self.network = network
        self.run_folder = network.folder / f"run-{name}"
        self.run_folder.mkdir()
        mount = f'mkdir -p "$0" && mount -t tmpfs -o size={small_disk} tmpfs "$0" && exec "$@"'
        disk = lambda folder: (["unshare", "--mount", "sh", "-c", mount, str(folder / "data")]
                               if small_disk else [])
        Daemon.__init__(self, (f"--node.id={name}", f"--listener=mqtt://0.0.0.0:{MQTT_PORT}",
                               "--auth.anonymous=true", f"--vip.role_file={self.run_folder}/role",
                               f"--vip.claim_file={self.run_folder}/claim",
                               f"--vip.address={VIP}", *options),
                        wrapper=lambda folder: [*network.words(name), *wrapper, *disk(folder)])

    def fill_disk(self, free):
        """Leaves so many bytes of a small disk. Its mount is to be seen by the daemon alone."""
        data = pathlib.Path(f"/proc/{self.process.pid}/root{self.data('')}")
        space = os.statvfs(data)
        with open(data / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, space.f_bavail * space.f_frsize - free)

    def empty_disk(self):
        pathlib.Path(f"/proc/{self.process.pid}/root{self.data('filler')}").unlink()


class NetPair(Pair):
    """A pair in a Network, with keepalived on both nodes. With a second path they hear each other
    on the network of the witness too."""

    # pylint: disable-next=super-init-not-called
    def __init__(self, network, *options, mode="written", policy="manual", second_path=False,
                 wrapper=(), small_disks=None, timing=patient):
        self.network = network
        self.policy = policy
        self.tries_both = False
        self.secret = write_secret(network.folder / "secret")
        self.nodes = []
        self.keepalived = {}
        try:
            for name, peer in ("ab", "ba"):
                paths = (f"--heartbeat.listen={address('witness', name)}:{HEARTBEAT_PORT}",
                         f"--heartbeat.peer={address('witness', peer)}:{HEARTBEAT_PORT}")
                self.nodes.append(NetNode(network, name, (
                    f"--replication.listen={address('replication', name)}:{REPLICATION_PORT}",
                    f"--replication.peer={address('replication', peer)}:{REPLICATION_PORT}",
                    f"--replication.secret_file={self.secret}", f"--replication.mode={mode}",
                    f"--failover.policy={policy}", *timing(options),
                    *(paths if second_path else ()), *options),
                    wrapper, (small_disks or {}).get(name, 0)))
                self.keepalived[name] = Keepalived(network, name, self.nodes[-1].run_folder)
                self.keepalived[name].start()
        except BaseException:
            self.remove()
            raise
        self.primary, self.standby = self.nodes

    host, port = VIP, MQTT_PORT  # As a load sees it that runs inside of the host `client`.

    def client(self, host=VIP, version=wire.V5, port=MQTT_PORT):
        """A client on the host `client`, connected to the virtual IP or an address of a node."""
        with self.network.inside("client"):
            return Client(port, version, host)

    def connected(self, client_id=None, host=VIP, version=wire.V5, **options):
        client = self.client(host, version)
        client.connect(client_id, **options)
        return client

    def serves(self, host=VIP, port=MQTT_PORT):
        """Whether somebody takes connections there. Lost on the way is a no."""
        with self.network.inside("client"), contextlib.suppress(OSError):
            socket.create_connection((host, port), timeout=1).close()
            return True
        return False

    def await_served(self):
        """Until one of many clients has its CONNACK from the virtual IP. One begins every 20 ms, and
        none waits for what another one has lost: whoever tries without a pause always loses a packet
        while the address moves."""
        deadline = time.monotonic() + PATIENCE_S
        with self.network.inside("client"), selectors.DefaultSelector() as waiting:
            try:
                while not self._begin_or_read(waiting):
                    assert time.monotonic() < deadline, self.text()
            finally:
                for key in list(waiting.get_map().values()):
                    key.fileobj.close()

    @staticmethod
    def _begin_or_read(waiting):
        """Whether a CONNACK came within 20 ms."""
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((VIP, MQTT_PORT))
        waiting.register(client, selectors.EVENT_WRITE)
        begun = time.monotonic()
        while (left := begun + 0.02 - time.monotonic()) > 0:
            for key, events in waiting.select(left):
                with contextlib.suppress(OSError):
                    if events & selectors.EVENT_WRITE:
                        key.fileobj.send(wire.connect(unique("probe")))
                        waiting.modify(key.fileobj, selectors.EVENT_READ)
                        continue
                    if key.fileobj.recv(64)[:1] == bytes([wire.CONNACK << 4]):
                        return True
                waiting.unregister(key.fileobj)
                key.fileobj.close()
        return False

    def cut(self, direction="both", network="replication", percent=100):
        """Between the nodes."""
        self.network.cut("a", "b", direction, network, percent)

    def heal(self):
        self.network.heal()

    def lose_host(self, node):
        """All processes of the node at once, and its cables."""
        self.network.unplug(node.name)
        node.kill()
        self.keepalived[node.name].kill()

    def pause_host(self, node):
        """All processes of the node at once; its network goes on answering."""
        for pid in self.network.pids(node.name):
            os.kill(pid, signal.SIGSTOP)

    def resume_host(self, node):
        for pid in self.network.pids(node.name):
            os.kill(pid, signal.SIGCONT)

    def return_host(self, node):
        """As after a boot: without the virtual IP, and with an empty runtime directory."""
        self.network.forget_vip(node.name)
        for file in node.run_folder.iterdir():
            file.unlink()
        self.network.plug(node.name)
        self.keepalived[node.name].start()
        node.launch()

    def text(self):
        return super().text() + "".join(
            f"\n--- keepalived {name}\n{one.text()[-2000:]}"
            for name, one in self.keepalived.items())


def end_all(started):
    """The pairs and networks of a fixture, also those that were only begun."""
    for one in started:
        if isinstance(one, NetPair):
            try:
                one.stop()
            finally:
                one.remove()
                one.network.close()
        else:
            one.close()
