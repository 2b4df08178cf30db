"""What an acknowledgement waits for, by listener, user and topic: `ack`."""

import select

import pytest

import wire
from client import Client
from ports import free_port
from test_auth import scram_line
from test_ctl import Ctl

# A standby that stands still is not taken for lost within a test.
PATIENT = "--replication.timeout_ms=60000"
RULES = ("--ack=memory topic m/#", "--ack=local topic l/#", "--ack=standby_flushed topic f/#",
         "--ack=standby topic s/#")


def publish(client, topic, packet_id=1, qos=1):
    """Retained, so that it is in the log whoever subscribes."""
    client.send(wire.publish(topic, b"x", qos, packet_id, version=client.version, retain=True))


def has_answer(client):
    return bool(select.select([client.socket], [], [], 0)[0])


def acknowledged(node):
    return node.status()["acknowledged"]


@pytest.mark.parametrize("mode", ["received", "written", "flushed"])
def test_only_what_asks_for_the_standby_waits_for_it(pair, mode):
    one = pair(PATIENT, *RULES, mode=mode)
    one.await_sync()
    waiting = {topic: one.connected() for topic in ("f/1", "s/1", "t/1")}
    one.standby.pause()
    for topic, client in waiting.items():
        publish(client, topic)
    one.until(lambda: sum(acknowledged(one.primary).values()) >= 3, "three messages taken")
    for topic in ("m/1", "l/1"):
        with one.connected() as client:  # Nothing has to be recorded for a session that ends.
            publish(client, topic)
            client.expect(wire.PUBACK, packet_id=1)
            publish(client, topic, packet_id=2, qos=2)
            client.expect(wire.PUBREC, packet_id=2)
            client.send(wire.ack(wire.PUBREL, 2))  # Its PUBCOMP waits for the standby.
    assert not any(has_answer(client) for client in waiting.values())
    one.standby.go_on()
    for client in waiting.values():
        client.expect(wire.PUBACK, packet_id=1)
        client.drop()
    assert one.primary.status()["peer"]["in_sync"], "the standby was lost"
    counts = acknowledged(one.primary)
    assert counts["memory"] == counts["local"] == 2, counts
    one.await_equal()


def test_what_goes_to_one_client_stays_in_order(pair):
    one = pair(PATIENT, *RULES)
    one.await_sync()
    with one.connected() as client:
        one.standby.pause()
        for packet_id, topic in enumerate(("l/1", "t/1", "m/1", "f/1", "l/1"), start=1):
            publish(client, topic, packet_id)
        client.expect(wire.PUBACK, packet_id=1)
        one.until(lambda: sum(acknowledged(one.primary).values()) >= 5, "five messages taken")
        assert not client.buffer and not has_answer(client)
        one.standby.go_on()
        for packet_id in (2, 3, 4, 5):
            client.expect(wire.PUBACK, packet_id=packet_id)


def test_one_listener_and_one_user_ask_for_something_else(daemon, tmp_path):
    port = free_port()
    passwords = tmp_path / "passwords"
    passwords.write_text(scram_line("meter", "meter-password"))
    rule = "standby_flushed user meter"
    one = daemon(f"--listener=mqtt://127.0.0.1:{port}?ack=memory", f"--ack={rule}",
                 f"--auth.password_file={passwords}")
    ctl = Ctl(one.folder / "admin.sock")
    with Client(port) as fast, Client(port) as meter, one.connected() as usual:
        fast.connect("fast")
        meter.connect("meter", user="meter", password="meter-password")
        shown = [ctl.record("clients", "show", client.client_id)["ack"]
                 for client in (fast, meter, usual)]
        assert shown == [{"level": "memory", "by": "listener"},
                         {"level": "standby_flushed", "by": "user"},
                         {"level": "standby", "by": "node"}]
        for client in (fast, meter, usual):
            client.publish("t", b"x", qos=1, retain=True)
    status = ctl.record("status")
    assert status["ack"] == {
        "level": "standby",
        "rules": [f"memory listener mqtt://127.0.0.1:{port}?ack=memory", rule]}
    assert status["acknowledged"] == {"memory": 1, "standby": 1, "standby_flushed": 1}
    text = ctl.text("status")
    assert f"memory listener mqtt://127.0.0.1:{port}?ack=memory; {rule}" in text, text


def test_a_rule_changes_without_a_restart(daemon, tmp_path):
    file = tmp_path / "tandemq.conf"
    file.write_text("ack = memory topic telemetry/#\n")
    one = daemon(f"--config={file}")
    ctl = Ctl(one.folder / "admin.sock")
    with one.connected() as client:
        client.publish("telemetry/1", b"x", qos=1, retain=True)
        file.write_text("# As replication.mode says.\n")
        assert "telemetry/1" not in ctl.text("config", "reload")
        client.publish("telemetry/1", b"y", qos=1, retain=True)
    status = ctl.record("status")
    assert status["acknowledged"] == {"memory": 1, "standby": 1}
    assert status["ack"]["rules"] == []
