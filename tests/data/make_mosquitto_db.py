#!/usr/bin/env python3
"""Makes a mosquitto.db with the installed mosquitto: make_mosquitto_db.py FILE

The sessions of tests/data/mosquitto-2.0.11.db, which tests/transfer/mosquitto_db_test.cpp reads.
Message expiry and session expiry are absolute times in the file, so a new one needs a new "now"
in that test.
"""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import wire  # noqa: E402  The packets of the end-to-end tests.
from ports import free_port  # noqa: E402

CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
queue_qos0_messages true
user {user}
"""
NO_LOCAL, RETAIN_AS_PUBLISHED = 4, 8


class Client:
    def __init__(self, port, client_id, version=wire.V5, **options):
        self.version, self.socket = version, socket.create_connection(("127.0.0.1", port), 5)
        self.buffer = b""
        self.ask(wire.connect(client_id, version, **options), wire.CONNACK)

    def read(self, count):
        while len(self.buffer) < count:
            data = self.socket.recv(65536)
            assert data, "mosquitto has closed the connection"
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self, packet_type):
        first, length, shift = self.read(1)[0], 0, 0
        while True:
            byte = self.read(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        packet = wire.parse(first, self.read(length), self.version)
        assert packet.type == packet_type, packet
        return packet

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, data, answer):
        self.send(data)
        return self.receive(answer)

    def subscribe(self, filters, **options):
        self.ask(wire.subscribe(filters, version=self.version, **options), wire.SUBACK)

    def publish(self, topic, payload, qos=1, **options):
        data = wire.publish(topic, payload, qos, version=self.version, **options)
        if qos == 0:
            self.send(data)
        elif qos == 1:
            self.ask(data, wire.PUBACK)
        else:
            packet_id = self.ask(data, wire.PUBREC).packet_id
            self.ask(wire.ack(wire.PUBREL, packet_id), wire.PUBCOMP)

    def synchronise(self):
        self.ask(wire.pingreq(), wire.PINGRESP)

    def leave(self):
        self.send(wire.disconnect())
        self.socket.close()


def fill(port):
    """What stays is returned: a client that is connected when the broker stops."""
    old = Client(port, "old", wire.V311, clean=False, user="ann", password="secret")
    old.subscribe([("sensors/#", 1), ("$SYS/broker/version", 0)])
    old.receive(wire.PUBLISH)  # The retained version.
    old.leave()

    worker = Client(port, "worker", clean=False, user="wörker", password="secret",
                    props={"session_expiry": 3600})
    worker.subscribe([("work/+", 2 | RETAIN_AS_PUBLISHED)], props={"subscription_id": 7})
    worker.subscribe([("work/one", 1 | NO_LOCAL)], packet_id=2, props={"subscription_id": 300})
    member = Client(port, "member", clean=False, props={"session_expiry": 0xFFFFFFFF})
    member.subscribe([("$share/group/jobs/#", 1)])
    member.leave()
    fresh = Client(port, "fresh", clean=True, props={"session_expiry": 600})
    fresh.subscribe([("fresh/+/#", 0)])
    fresh.leave()
    passing = Client(port, "passing", clean=True)
    passing.subscribe([("sensors/#", 2)])

    publisher = Client(port, "publisher", clean=False, props={"session_expiry": 7200})
    publisher.publish("work/two", "taken over", 2, packet_id=11)
    packet_id = worker.receive(wire.PUBLISH).packet_id
    worker.ask(wire.ack(wire.PUBREC, packet_id), wire.PUBREL)
    publisher.publish("work/three", "sent", 2, packet_id=12)
    worker.receive(wire.PUBLISH)
    publisher.publish("work/four", "sent as QoS 1", 1, packet_id=13)
    worker.receive(wire.PUBLISH)
    worker.socket.close()

    publisher.publish("sensors/text", "21.5 °C", 1)
    publisher.publish("sensors/binary", bytes([0, 255, 1, 254, 128]), 2)
    publisher.publish("sensors/empty", b"", 1)
    publisher.publish("sensors/zero", "QoS 0", 0)
    publisher.publish("work/one", "waits", 2)
    publisher.publish("jobs/1", "shared", 1)
    publisher.publish("state/plain", "retained", 0, retain=True)
    publisher.publish("state/rich", "{}", 1, retain=True, props={
        "payload_format": 1, "content_type": "application/json", "response_topic": "answers/rich",
        "correlation_data": bytes([1, 0, 2]),
        "user_property": [("unit", "none"), ("unit", "some"), ("größe", "groß")]})
    publisher.publish("sensors/expiring", "until later", 1, props={"message_expiry": 3000})
    # Its PUBREL never comes: nobody has been given it yet.
    publisher.ask(wire.publish("work/two", "half way", 2, 77), wire.PUBREC)
    publisher.synchronise()
    publisher.socket.close()
    passing.socket.close()
    return Client(port, "present", clean=False, user="ben", password="secret",
                  props={"session_expiry": 50})


def wait_until_it_listens(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    sys.exit("mosquitto does not listen")


def main():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        configuration = os.path.join(folder, "mosquitto.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(port=port, folder=folder, user=getpass.getuser()))
        broker = subprocess.Popen([shutil.which("mosquitto", path="/usr/sbin:/usr/bin"), "-c",
                                   configuration], stderr=subprocess.DEVNULL)
        wait_until_it_listens(port)
        present = fill(port)
        broker.terminate()
        broker.wait(10)
        present.socket.close()
        shutil.copyfile(os.path.join(folder, "mosquitto.db"), sys.argv[1])


if __name__ == "__main__":
    main()
