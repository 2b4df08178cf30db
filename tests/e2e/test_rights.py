"""Who may do what: the ACL file."""

import json

import pytest

import wire
from client import unique
from rule import NEW, OLD, rule
from test_auth import reload, scram_line, written
from test_ctl import Ctl, end, wait_for
from wire import V5

RULES = """
topic read public/#
user scram
topic readwrite own/#
topic read shown/#
topic deny own/secret
topic write mail/+/in
pattern readwrite home/%u/#
"""


@pytest.fixture
def ruled(daemon, tmp_path):
    """Two users without limits write what others may not read: the rules name only one of them."""
    users = scram_line("scram", "scram-password") + scram_line("root", "root-password")
    rules = RULES + "user root\ntopic readwrite #\n"
    return daemon(f"--auth.password_file={written(tmp_path / 'passwords', users)}",
                  f"--auth.acl_file={written(tmp_path / 'rules', rules)}")


def as_user(one, user, version=V5, **options):
    return one.connected(version, user=user, password=f"{user}-password", **options)


@rule("a PUBLISH without the right to it is refused and reaches nobody", NEW)
@pytest.mark.parametrize("topic", ["shown/x", "own/secret", "other", "public/x", "home/root/x"])
def test_publish_denied(ruled, version, topic):
    with as_user(ruled, "scram") as client, as_user(ruled, "root") as watcher:
        watcher.subscribe("#")
        assert client.publish(topic, b"x", 1).reason == 0x87
        assert client.publish(topic, b"x", 2).reason == 0x87
        client.publish(topic, b"x", 0)
        client.ping()
        watcher.expect_silence()
        drops = Ctl(ruled.folder / "admin.sock").rows("drops", f"--client={client.client_id}")
        assert [(row["reason"], row["topic"]) for row in drops] == [("not_authorized", topic)] * 3


@rule("a PUBLISH without the right to it ends the connection: there is no word for it", OLD)
@pytest.mark.parametrize("qos", [1, 2])
def test_publish_denied_old(ruled, version, qos):
    with as_user(ruled, "scram", version) as client:
        client.send(wire.publish("shown/x", b"x", qos, version=version))
        client.expect_closed()


@rule("a QoS 0 PUBLISH without the right to it is dropped")
def test_publish_denied_qos0(ruled, version):
    with as_user(ruled, "scram", version) as client:
        client.publish("shown/x", b"x")
        client.ping()


@rule("a PUBLISH with the right to it arrives")
@pytest.mark.parametrize("topic", ["own/x", "own", "mail/bob/in", "home/scram/a/b"])
def test_publish_allowed(ruled, version, topic):
    with as_user(ruled, "scram", version) as client, as_user(ruled, "root", version) as watcher:
        watcher.subscribe("#")
        assert client.publish(topic, b"x", 1).reason == 0
        watcher.take(b"x", topic=topic)


@rule("a subscription that could never get a message is refused")
def test_subscribe_denied(ruled, version):
    refused = 0x87 if version == V5 else 0x80
    with as_user(ruled, "scram", version) as client:
        filters = ["own/#", "other/#", "mail/bob/in", "#", "own/secret", "shown/+", "home/scram/#",
                   "home/root/#", "$share/group/other"]
        suback = client.subscribe(*((name, 1) for name in filters))
        assert dict(zip(filters, suback.codes)) == {
            "own/#": 1, "other/#": refused, "mail/bob/in": refused, "#": 1, "own/secret": refused,
            "shown/+": 1, "home/scram/#": 1, "home/root/#": refused, "$share/group/other": refused}


@rule("a message that may not be read is held back and counted")
def test_delivery_denied(ruled, version):
    with as_user(ruled, "scram", version) as client, as_user(ruled, "root") as sender:
        client.subscribe(("#", 1))
        for topic in ("other", "own/secret", "shown/x", "mail/bob/in"):
            sender.publish(topic, b"x", 1)
        client.take(b"x", topic="shown/x")
        drops = Ctl(ruled.folder / "admin.sock").rows("drops", f"--client={client.client_id}")
        assert [(row["reason"], row["topic"]) for row in drops] == [
            ("not_authorized", topic) for topic in ("other", "own/secret", "mail/bob/in")]


@rule("a retained message that may not be read is held back")
def test_retained_denied(ruled, version):
    with as_user(ruled, "scram", version) as client, as_user(ruled, "root") as sender:
        for topic in ("other", "shown/x", "own/secret"):
            sender.publish(topic, b"kept", 1, retain=True)
        client.subscribe(("#", 1))
        client.take(b"kept", topic="shown/x")
        client.ping()
        client.send(wire.publish("own/end", b"end", version=version))
        client.take(b"end")


@rule("a will without the right to it is not published")
def test_will_denied(ruled, version):
    with as_user(ruled, "root") as watcher:
        watcher.subscribe("other", "own/x")
        for topic in ("other", "own/x"):
            client = ruled.client(version)
            client.send(wire.connect(unique("will"), version, user="scram",
                                     password="scram-password", will=wire.Will(topic)))
            if client.receive().reason == 0:
                client.drop()
        watcher.take(b"will", topic="own/x")
        watcher.expect_silence()


@rule("anonymous clients have the rules before the first user")
def test_acl_anonymous(daemon, tmp_path, version):
    one = daemon(f"--auth.acl_file={written(tmp_path / 'rules', RULES)}")
    with one.connected(version) as client:
        codes = client.subscribe("public/x", "own/x", "home/x").codes
        assert [code < 0x80 for code in codes] == [True, False, False]


@rule("SIGHUP reads the rules again; they hold for what is there already")
def test_acl_reload(daemon, tmp_path, version):
    path = written(tmp_path / "rules", "topic readwrite #\n")
    one = daemon(f"--auth.acl_file={path}")
    with one.connected(version) as client:
        client.subscribe("a", "b")
        path.write_text("topic readwrite b\ntopic write a\n")
        reload(one)
        client.publish("a", b"x", 1)
        client.publish("b", b"y")
        client.take(b"y", topic="b")


def test_a_wrong_acl_file_names_its_line(daemon, tmp_path):
    path = written(tmp_path / "rules", "topic readwrite #\ntopik read a\n")
    with pytest.raises(AssertionError, match="line 2"):
        daemon(f"--auth.acl_file={path}")


@rule("a reload asks about the subscriptions that are there, and takes none away")
def test_subscriptions_reload(daemon, tmp_path, version):
    every, narrow = "topic readwrite #\n", "topic readwrite #\ntopic subscribe a/+\n"
    path = written(tmp_path / "rules", every)
    one = daemon(f"--auth.acl_file={path}")
    ctl = Ctl(one.folder / "admin.sock")
    with one.connected(version) as client, one.connected(V5) as sender:
        client.subscribe(("#", 1), ("a/+", 0))
        path.write_text(narrow)
        reload(one)
        assert client.subscribe("b/#").codes[0] == (0x87 if version == V5 else 0x80)
        sender.publish("b", b"lost", 1)
        sender.publish("a/1", b"x", 1)
        client.take(b"x", topic="a/1", qos=0)
        rows = ctl.rows("subscriptions", "list", f"--client={client.client_id}")
        assert [(row["filter"], row["granted"]) for row in rows] == [("#", False), ("a/+", True)]
        drops = ctl.rows("drops", f"--client={client.client_id}")
        assert [(row["reason"], row["topic"]) for row in drops] == [("not_authorized", "b")]
        path.write_text(every)
        reload(one)
        sender.publish("b", b"y", 1)
        client.take(b"y", topic="b", qos=1)


def test_an_operator_sees_every_topic(ruled):
    """The rules are for clients: who may use the admin socket may do everything."""
    ctl = Ctl(ruled.folder / "admin.sock")
    watcher = ctl.stream("subscribe", "other")
    try:
        wait_for(lambda: ctl.record("status")["subscriptions"] == 1)
        with as_user(ruled, "root") as sender:
            sender.publish("other", b"seen", 1)
        assert json.loads(watcher.stdout.readline())["payload"] == "seen"
    finally:
        end(watcher)
