"""The clients people really use: mosquitto_pub and mosquitto_sub, and paho-mqtt for Python."""

import queue
import subprocess
import threading

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from client import TIMEOUT_S, unique
from rule import ALL, BOTH, NEW, VERSION_NAMES, rule
from wire import V5, V31, V311

TOOL_VERSIONS = {V31: "mqttv31", V311: "mqttv311", V5: "mqttv5"}
PAHO_VERSIONS = {V31: paho.MQTTv31, V311: paho.MQTTv311, V5: paho.MQTTv5}
QOS = pytest.mark.parametrize("qos", [0, 1, 2], ids=["QoS0", "QoS1", "QoS2"])

# --- mosquitto_pub and mosquitto_sub


def tool(name, broker, version, *words):
    return [name, "-h", "127.0.0.1", "-p", str(broker.port), "-V", TOOL_VERSIONS[version],
            *map(str, words)]


def pub(broker, version, *words, **options):
    subprocess.run(tool("mosquitto_pub", broker, version, *words), check=True, timeout=TIMEOUT_S,
                   **options)


class Sub:
    """A running mosquitto_sub. -C brings its end about, or -W as a failure."""

    def __init__(self, broker, version, *words):
        command = ["stdbuf", "-oL", *tool("mosquitto_sub", broker, version, "-d", "-W", 15, *words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        self.said = []
        for line in self.process.stdout:  # Ends with the process, or with the SUBACK.
            if line.startswith("Subscribed"):
                break
            self.said.append(line)
        else:
            raise AssertionError("mosquitto_sub ended: " + "".join(self.said))

    def lines(self):
        with self.process.stdout:
            out = self.process.stdout.read()
        assert self.process.wait(TIMEOUT_S) == 0, out[-2000:]
        return [line for line in out.splitlines() if not line.startswith(("Client ", "Subscribed"))]


@QOS
@rule("mosquitto_sub receives what mosquitto_pub sends", ALL)
def test_tools(broker, version, qos):
    topic = unique("tools")
    sub = Sub(broker, version, "-t", f"{topic}/#", "-q", qos, "-C", 3, "-F", "%t %q %r %p")
    for n in range(3):
        pub(broker, version, "-t", f"{topic}/{n}", "-q", qos, "-m", f"message {n}")
    assert sub.lines() == [f"{topic}/{n} {qos} 0 message {n}" for n in range(3)]


@QOS
@rule("many lines through one mosquitto_pub arrive in order")
def test_tools_many(broker, version, qos):
    topic, lines = unique("many"), [f"line {n}" for n in range(500)]
    sub = Sub(broker, version, "-t", topic, "-q", qos, "-C", len(lines))
    pub(broker, version, "-t", topic, "-q", qos, "-l", input="\n".join(lines).encode())
    assert sub.lines() == lines


@rule("a retained message, its removal, and -R", ALL)
def test_tools_retained(broker, version):
    topic = unique("retained")
    pub(broker, version, "-t", topic, "-m", "kept", "-r", "-q", 1)
    assert Sub(broker, version, "-t", topic, "-C", 1, "-F", "%r %p").lines() == ["1 kept"]
    pub(broker, version, "-t", topic, "-n", "-r", "-q", 1)
    sub = Sub(broker, version, "-t", topic, "-C", 1, "-F", "%r %p")
    pub(broker, version, "-t", topic, "-m", "live", "-q", 1)
    assert sub.lines() == ["0 live"]


@rule("the will of a killed mosquitto_sub is published", ALL)
def test_tools_will(broker, version):
    topic = unique("will")
    watcher = Sub(broker, version, "-t", topic, "-C", 1)
    victim = Sub(broker, version, "-t", unique("other"), "--will-topic", topic, "--will-payload",
                 "died", "--will-qos", 1)
    victim.process.kill()
    victim.process.wait()
    victim.process.stdout.close()
    assert watcher.lines() == ["died"]


@rule("a session kept by mosquitto_sub -c queues while it is away")
def test_tools_offline(broker, version):
    topic, name = unique("offline"), unique("offline")
    words = ["-t", topic, "-q", 2, "-c", "-i", name, "-C", 3,
             *(["-x", 60] if version == V5 else [])]
    away = Sub(broker, version, *words)
    away.process.terminate()
    away.process.wait(TIMEOUT_S)
    away.process.stdout.close()
    for n in range(3):
        pub(broker, version, "-t", topic, "-q", 2, "-m", n)
    back = subprocess.run(tool("mosquitto_sub", broker, version, *words), timeout=TIMEOUT_S,
                          capture_output=True, text=True)
    assert (back.returncode, back.stdout.split()) == (0, ["0", "1", "2"])


@rule("properties set by mosquitto_pub are shown by mosquitto_sub", NEW)
def test_tools_properties(broker, version):
    topic = unique("props")
    sub = Sub(broker, version, "-t", topic, "-q", 1, "-C", 1, "-F", "%C|%R|%D|%P|%p", "-D",
              "subscribe",
              "subscription-identifier", 42)
    words = []
    for name, value in [("content-type", "text/x"), ("response-topic", "r/t"),
                        ("correlation-data", "c1"),
                        ("message-expiry-interval", "100")]:
        words += ["-D", "publish", name, value]
    words += ["-D", "publish", "user-property", "k", "v", "-D", "connect", "topic-alias-maximum",
              "5"]
    pub(broker, version, "-t", topic, "-q", 1, "-m", "x", *words)
    assert sub.lines() == ["text/x|r/t|c1|k:v|x"]


@rule("the broker tells about itself below $SYS")
@pytest.mark.parametrize("name", ["version", "uptime", "clients/connected", "messages/received",
                                  "messages/sent"])
def test_sys(broker, version, name):
    command = tool("mosquitto_sub", broker, version, "-t", f"$SYS/broker/{name}", "-C", 1, "-W", 20)
    got = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert got.returncode == 0 and got.stdout.strip(), got
    if name != "version":
        assert int(got.stdout.split()[0]) >= 0


# --- paho-mqtt


def properties(kind, **values):
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Paho:
    """A paho client on its own thread; messages and answers arrive in queues."""

    def __init__(self, broker, version, client_id=None, keep_s=0, connect_props=None, will=None):
        self.version = version
        self.messages, self.subacks, self.ready = queue.Queue(), queue.Queue(), queue.Queue()
        name = client_id or unique("paho")
        five = {} if version == V5 else {"clean_session": not keep_s}
        self.client = paho.Client(name, protocol=PAHO_VERSIONS[version], **five)
        self.client.on_message = lambda client, user, message: self.messages.put(message)
        self.client.on_subscribe = lambda *arguments: self.subacks.put(arguments)
        self.client.on_connect = lambda client, user, flags, code, *rest: self.ready.put((flags,
                                                                                          code))
        if will:
            self.client.will_set(*will)
        options = {}
        if version == V5:
            made = properties(PacketTypes.CONNECT, SessionExpiryInterval=keep_s,
                              **(connect_props or {}))
            options = {"clean_start": not keep_s, "properties": made}
        self.client.connect("127.0.0.1", broker.port, keepalive=60, **options)
        self.client.loop_start()
        flags, code = self.ready.get(timeout=TIMEOUT_S)
        assert code == 0, f"refused: {code}"
        self.session_present = flags["session present"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()
        self.client = None  # Closes its sockets at once: paho's select() takes none above 1023.

    def subscribe(self, topic, qos=0, **options):
        if options:
            self.client.subscribe(topic, options=SubscribeOptions(qos=qos, **options))
        else:
            self.client.subscribe(topic, qos)
        self.subacks.get(timeout=TIMEOUT_S)

    def publish(self, topic, payload, qos=0, **options):
        info = self.client.publish(topic, payload, qos, **options)
        info.wait_for_publish(TIMEOUT_S)
        assert info.is_published(), f"no acknowledgement for {topic}"

    def take(self):
        return self.messages.get(timeout=TIMEOUT_S)

    def kill(self):
        """Loses the connection without DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()


@QOS
@rule("paho: a message arrives once with its QoS", ALL)
def test_paho(broker, version, qos):
    topic = unique("paho")
    with Paho(broker, version) as receiver, Paho(broker, version) as sender:
        receiver.subscribe(topic, qos)
        for n in range(20):
            sender.publish(topic, str(n), qos)
        got = [receiver.take() for _ in range(20)]
        assert [int(m.payload) for m in got] == list(range(20)) and {m.qos for m in got} == {qos}


@pytest.mark.parametrize("versions", [(a, b) for a in ALL for b in ALL],
                         ids=lambda pair: "-".join(VERSION_NAMES[v] for v in pair))
def test_versions_meet(broker, versions):
    """Clients of all versions understand each other."""
    topic = unique("meet")
    with Paho(broker, versions[0]) as receiver, Paho(broker, versions[1]) as sender:
        receiver.subscribe(topic, 2)
        sender.publish(topic, "hello", 2)
        assert receiver.take().payload == b"hello"


@rule("paho: retained, offline queue, will")
def test_paho_session(broker, version):
    topic, name = unique("life"), unique("life")
    with Paho(broker, version, name, keep_s=60) as client:
        assert not client.session_present
        client.subscribe(topic + "/#", 1)
    with Paho(broker, version) as sender:
        sender.publish(topic + "/retained", "r", 1, retain=True)
        for n in range(10):
            sender.publish(topic + "/queued", str(n), 2)
    dying = Paho(broker, version, will=(topic + "/will", "w", 1))
    dying.kill()
    with Paho(broker, version, name, keep_s=60) as client:
        assert client.session_present
        got = [(m.topic.split("/")[1], m.payload) for m in (client.take() for _ in range(12))]
        assert got == [("retained", b"r"), *(("queued", b"%d" % n) for n in range(10)),
                       ("will", b"w")]


@rule("paho: a shared subscription splits the messages", BOTH)
def test_paho_shared(broker, version):
    topic, total = unique("shared"), 40
    members = [Paho(broker, version) for _ in range(4)]
    for member in members:
        member.subscribe(f"$share/team/{topic}", 1)
    with Paho(broker, version) as sender:
        for n in range(total):
            sender.publish(topic, str(n), 1)
    seen = [sorted(int(m.take().payload) for _ in range(total // 4)) for m in members]
    assert sorted(sum(seen, [])) == list(range(total))
    for member in members:
        member.__exit__()


@rule("paho: properties, topic alias and subscription identifiers travel", NEW)
def test_paho_properties(broker, version):
    topic = unique("props")
    with Paho(broker, version) as receiver, Paho(broker, version) as sender:
        made = properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=99)
        receiver.client.subscribe(topic, 1, properties=made)
        receiver.subacks.get(timeout=TIMEOUT_S)
        out = properties(PacketTypes.PUBLISH, ContentType="t", ResponseTopic="r",
                         CorrelationData=b"c", TopicAlias=1,
                         MessageExpiryInterval=50)
        out.UserProperty = [("b", "1"), ("a", "2")]
        sender.publish(topic, "first", 1, properties=out)
        sender.publish(topic, "second", 1, properties=out)
        for _ in range(2):
            got = receiver.take()
            assert got.topic == topic and got.properties.SubscriptionIdentifier == [99]
            assert got.properties.UserProperty == [("b", "1"), ("a", "2")]
            assert (got.properties.ContentType, got.properties.ResponseTopic) == ("t", "r")
            assert got.properties.MessageExpiryInterval <= 50


@rule("paho: No Local, Retain As Published and Retain Handling", NEW)
def test_paho_options(broker, version):
    topic = unique("options")
    with Paho(broker, version) as one, Paho(broker, version) as two:
        one.publish(topic, "kept", 1, retain=True)
        one.subscribe(topic, 1, noLocal=True, retainHandling=2)
        two.subscribe(topic, 1, retainAsPublished=True, retainHandling=0)
        assert two.take().payload == b"kept"
        one.publish(topic, "new", 1, retain=True)
        assert two.take().retain
        two.publish(topic, "back", 1)
        assert one.take().payload == b"back"


@rule("200 clients at once each receive from their neighbour")
def test_two_hundred(broker, version):
    count, root = 200, unique("ring")
    clients = [Paho(broker, version) for _ in range(count)]
    for n, client in enumerate(clients):
        client.client.subscribe(f"{root}/{n}", 1)
    for client in clients:
        client.subacks.get(timeout=TIMEOUT_S)
    senders = [threading.Thread(target=client.publish,
                                args=(f"{root}/{(n + 1) % count}", str(n), n % 3))
               for n, client in enumerate(clients)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join(TIMEOUT_S)
    for n, client in enumerate(clients):
        assert int(client.take().payload) == (n - 1) % count
    for client in clients:
        client.__exit__()
