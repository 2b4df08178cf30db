"""The clients of the crash test: one asyncio program that goes on whatever happens to the broker.

Each client has a session that lasts, comes back by itself, and does what MQTT asks of a client
after a reconnect: it sends again what was not acknowledged, with DUP and its old packet id, and
remembers the packet ids of QoS 2 messages that it holds. Whatever contradicts the ledger or the
protocol is a failure of the load, with the name of the client.
"""

import asyncio

import wire
from crash_ledger import Span, now

RETRY_S = 0.02
CONNECT_S = 0.5  # A SYN that nobody answers is not waited for.
TICK_S = 0.08  # At most, so that messages come in bursts and many are in flight.
WINDOW = 16  # Below limits.receive_maximum.
PACKET_IDS = 40  # Few, so that they are used again soon.
BURST = 50  # Messages that a publisher may owe its rate.
GONE = 0x92  # Packet Identifier not found.
SHUTTING_DOWN = 0x8B  # Server shutting down.


def span_of_frame(data, at):
    """Where the body of the packet at `at` starts and ends, or None when it is incomplete."""
    length = shift = 0
    for place in range(at + 1, min(at + 5, len(data))):
        length |= (data[place] & 0x7F) << shift
        shift += 7
        if data[place] < 0x80:
            end = place + 1 + length
            return (place + 1, end) if end <= len(data) else None
    return None


class Peer(asyncio.Protocol):
    """A connection that comes back. `load` holds what all clients share (see test_crash.py)."""

    clean = False

    def __init__(self, load, name, version):
        self.load, self.name, self.version = load, name, version
        self.transport = None
        self.buffer = b""
        self.online = False  # From CONNACK on.
        self.has_session = False  # The broker has said so, and must not forget it.
        self.ended = asyncio.Event()
        self.handlers = {
            wire.CONNACK: self.on_connack,
            wire.PUBLISH: self.on_publish,
            wire.PUBACK: self.on_puback,
            wire.PUBREC: self.on_pubrec,
            wire.PUBREL: self.on_pubrel,
            wire.PUBCOMP: self.on_pubcomp,
            wire.SUBACK: self.on_suback,
            wire.UNSUBACK: self.on_unsuback,
            wire.DISCONNECT: self.on_disconnect,
        }

    async def live(self):
        loop = asyncio.get_running_loop()
        while not self.load.over:
            self.ended.clear()
            try:
                await asyncio.wait_for(
                    loop.create_connection(lambda: self, self.load.host, self.load.port), CONNECT_S)
                await self.ended.wait()
            except (OSError, asyncio.TimeoutError):
                pass
            await self.pause()

    async def pause(self):
        """Between two connections."""
        await asyncio.sleep(RETRY_S)

    def send(self, data):
        if not self.transport.is_closing():
            self.transport.write(data)

    def leave(self, politely):
        if politely and self.online:
            self.send(wire.disconnect())
            self.transport.close()
        elif self.transport:
            self.transport.abort()

    # --- asyncio calls these

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
        lasting = {"session_expiry": 3600} if self.version == wire.V5 and not self.clean else None
        self.send(wire.connect(self.name, self.version, self.clean, props=lasting))

    def connection_lost(self, _):
        self.online = False
        self.transport = None
        self.stopped()
        self.ended.set()

    def data_received(self, data):
        try:
            self.take_packets(self.buffer + data)
        except Exception as failure:  # pylint: disable=broad-except
            self.load.fail(f"client {self.name}: {failure!r}" if not isinstance(
                failure, AssertionError) else f"client {self.name}: {failure}")

    def take_packets(self, data):
        at = 0
        while (span := span_of_frame(data, at)) is not None:
            start, end = span
            packet = wire.parse(data[at], data[start:end], self.version)
            at = end
            self.handlers.get(packet.type, self.on_other)(packet)
            if self.transport is None or self.transport.is_closing():
                return
        self.buffer = data[at:]

    # --- packets

    def on_connack(self, packet):
        assert packet.reason == 0, f"was refused: {packet}"
        assert packet.session_present or not self.has_session, "its session is lost"
        self.online = True
        self.has_session = not self.clean
        self.load.served()
        self.started()

    def on_disconnect(self, packet):
        """A broker that goes in order says so, and then it closes."""
        assert packet.reason == SHUTTING_DOWN, f"was sent away: {packet}"

    def on_other(self, packet):
        raise AssertionError(f"unexpected {packet}")

    on_publish = on_puback = on_pubrec = on_pubrel = on_pubcomp = on_other
    on_suback = on_unsuback = on_other

    def started(self):
        """The session is there: go on with it."""

    def stopped(self):
        """The connection is gone."""


class Publisher(Peer):
    """Keeps a window of messages in flight, at its rate. `flight` is in the order of sending,
    `released` in the order of the PUBRECs."""

    def __init__(self, load, name, version, topics, rate):
        super().__init__(load, name, version)
        self.topics, self.rate = topics, rate
        self.flight, self.released = {}, {}
        self.waiting = []  # Messages to be published besides those of the rate.
        self.last_id = 0
        self.owed, self.owed_at = 0.0, now()
        self.ticker = None

    def started(self):
        for packet_id in self.released:
            self.released[packet_id][1] += 1
            self.send(wire.ack(wire.PUBREL, packet_id))
        for packet_id, message in self.flight.items():
            self.send_message(packet_id, message, dup=True)
        self.tick()

    def stopped(self):
        if self.ticker:
            self.ticker.cancel()

    def is_idle(self):
        return not (self.flight or self.released or self.waiting)

    def tick(self):
        self.owed += (now() - self.owed_at) / 1e9 * self.rate
        self.owed, self.owed_at = min(self.owed, BURST), now()
        self.pump()
        delay = self.load.dice.random() * TICK_S
        self.ticker = asyncio.get_running_loop().call_later(delay, self.tick)

    def pump(self):
        while len(self.flight) + len(self.released) < WINDOW:
            if self.waiting:
                message = self.waiting.pop(0).next_message()
            elif self.owed >= 1 and not self.load.resting:
                self.owed -= 1
                message = self.load.dice.choice(self.topics).next_message()
            else:
                return
            packet_id = self.free_id()
            self.flight[packet_id] = message
            self.send_message(packet_id, message, dup=False)

    def free_id(self):
        while True:
            self.last_id = self.last_id % PACKET_IDS + 1
            if self.last_id not in self.flight and self.last_id not in self.released:
                return self.last_id

    def send_message(self, packet_id, message, dup):
        self.load.ledger.sent(message)
        self.send(wire.publish(message.topic.name, message.payload(), message.topic.qos, packet_id,
                               message.topic.retain, dup, version=self.version))

    def answered(self, packet, qos):
        message = self.flight.pop(packet.packet_id, None)
        assert message and message.topic.qos == qos, f"{packet} answers nothing that is in flight"
        assert packet.reason < 0x80, f"{message} was refused: {packet}"
        return message

    def on_puback(self, packet):
        self.load.ledger.acknowledge(self.answered(packet, 1))
        self.pump()

    def on_pubrec(self, packet):
        self.released[packet.packet_id] = [self.answered(packet, 2), 1]
        self.send(wire.ack(wire.PUBREL, packet.packet_id))

    def on_pubcomp(self, packet):
        assert packet.packet_id in self.released, f"{packet} answers no PUBREL"
        message, sends = self.released.pop(packet.packet_id)
        assert packet.reason == 0 or (packet.reason == GONE and sends > 1), (
            f"{packet}: the broker does not know {message}")
        self.load.ledger.acknowledge(message)
        self.pump()


class Subscriber(Peer):
    """Takes messages and acknowledges them, now and then late, so that some are in flight."""

    def __init__(self, load, reader, version, late_s=0.0):
        super().__init__(load, reader.name, version)
        self.reader, self.late_s = reader, late_s
        self.open = {}  # QoS 2 messages that it holds, by packet id, until PUBREL.
        self.held = {}  # Messages by packet id that it has not acknowledged yet.
        self.owed = {}  # Those of the last connection: they must come again, first of all.
        self.answers, self.timer = b"", None
        self.asking = None  # (packet type, subscriptions) until it is answered.
        self.ask_id = 0
        self.ask(wire.SUBSCRIBE, reader.subscriptions[:])

    def is_idle(self):
        return self.online and not (self.open or self.held or self.owed or self.asking)

    def started(self):
        self.owed, self.held = self.held | self.owed, {}
        if self.asking:
            self.send_question()

    def stopped(self):
        self.answers = b""
        if self.timer:
            self.timer.cancel()
        self.timer = None

    # --- messages

    def on_publish(self, packet):
        load, packet_id = self.load, packet.packet_id
        message = load.ledger.find(packet)
        where = f"{packet_id} with {message}"
        assert packet.qos == min(message.topic.qos, self.reader.qos), f"QoS {packet.qos}: {where}"
        assert not packet.retain, f"an ordinary message has RETAIN: {where}"
        self.check_owed(packet, message)
        again = packet.dup if packet.qos == 1 else packet_id in self.open
        if packet.qos == 2:
            assert packet.dup or not again, f"QoS 2 again without DUP: {where}"
            assert not again or self.open[packet_id] is message, (
                f"packet id {where} while it still belongs to {self.open[packet_id]}")
            self.open[packet_id] = message
        load.ledger.receive(self.reader, message, again)
        load.progress()
        self.held[packet_id] = message
        self.answer(wire.ack(wire.PUBACK if packet.qos == 1 else wire.PUBREC, packet_id))

    def check_owed(self, packet, message):
        """What was not acknowledged comes again with its packet id, in order, before new things."""
        first = next(iter(self.owed), None)
        if packet.packet_id == first:
            assert self.owed.pop(first) is message and packet.dup, (
                f"{message} came with packet id {first} of a message that was not acknowledged, "
                f"DUP {int(packet.dup)}")
        else:
            assert packet.dup and packet.packet_id not in self.owed or not self.owed, (
                f"{message} came before the unacknowledged {self.owed.get(first)}")

    def answer(self, data):
        self.answers += data
        if self.late_s == 0:
            self.flush()
        elif self.timer is None:
            delay = self.load.dice.random() * self.late_s
            self.timer = asyncio.get_running_loop().call_later(delay, self.flush)

    def flush(self):
        if not self.transport.is_closing():
            self.send(self.answers)
            self.answers, self.timer, self.held = b"", None, {}

    def on_pubrel(self, packet):
        self.open.pop(packet.packet_id, None)
        self.answer(wire.ack(wire.PUBCOMP, packet.packet_id))

    # --- subscriptions

    def ask(self, packet_type, subscriptions):
        self.asking = (packet_type, subscriptions)
        if packet_type == wire.SUBSCRIBE:
            for one in subscriptions:
                one.spans.append(Span(now()))
        else:
            for one in subscriptions:
                one.spans[-1].leaving_at = now()
        if self.online:
            self.send_question()

    def send_question(self):
        packet_type, subscriptions = self.asking
        self.ask_id += 1
        names = [one.name for one in subscriptions]
        if packet_type == wire.SUBSCRIBE:
            pairs = [(name, self.reader.qos) for name in names]
            self.send(wire.subscribe(pairs, self.ask_id, version=self.version))
        else:
            self.send(wire.unsubscribe(names, self.ask_id, version=self.version))

    def on_suback(self, packet):
        for one in self.answered(packet, wire.SUBSCRIBE):
            one.spans[-1].on_at = now()
        assert set(packet.codes) == {self.reader.qos}, f"another QoS was granted: {packet}"

    def on_unsuback(self, packet):
        for one in self.answered(packet, wire.UNSUBSCRIBE):
            one.spans[-1].off_at = now()

    def answered(self, packet, packet_type):
        assert self.asking and self.asking[0] == packet_type and packet.packet_id == self.ask_id, (
            f"{packet} answers nothing")
        _, subscriptions = self.asking
        self.asking = None
        return subscriptions


class Wanderer(Subscriber):
    """Stays away for some seconds now and then, so that its queue grows."""

    async def live(self):
        roaming = asyncio.ensure_future(self.roam())
        try:
            await super().live()
        finally:
            roaming.cancel()

    async def roam(self):
        dice = self.load.dice
        while True:
            await asyncio.sleep(dice.uniform(1, 4))
            if not self.load.resting:
                self.leave(politely=dice.random() < 0.5)

    async def pause(self):
        back_at = now() + self.load.dice.uniform(0.02, 6) * 1e9
        while self.load.parked or (now() < back_at and not self.load.resting):
            await asyncio.sleep(RETRY_S)


class Churner(Subscriber):
    """Subscribes and unsubscribes, one filter at a time; the first one it keeps."""

    async def live(self):
        changing = asyncio.ensure_future(self.change())
        try:
            await super().live()
        finally:
            changing.cancel()

    async def change(self):
        dice = self.load.dice
        while True:
            await asyncio.sleep(dice.uniform(0.02, 0.4))
            if not (self.load.resting or self.asking) and self.online:
                one = dice.choice(self.reader.subscriptions[1:])
                self.ask(wire.UNSUBSCRIBE if one.is_on() else wire.SUBSCRIBE, [one])


class RetainedWatcher(Peer):
    """Comes as a stranger again and again, and looks at what is retained."""

    clean = True

    def __init__(self, load, name, version, topics):
        super().__init__(load, name, version)
        self.topics = {topic.name: topic for topic in topics}
        self.floor, self.missing = {}, set()
        self.looks = 0

    def started(self):
        """What was acknowledged by now, or something later, must come."""
        self.floor = {name: topic.acknowledged for name, topic in self.topics.items()}
        self.missing = {name for name, topic in self.topics.items() if topic.acknowledged and
                        topic.acknowledged == len(topic.messages) and
                        not topic.last_acknowledged().deletes()}
        filters = sorted({name.split("/", 1)[0] + "/#" for name in self.topics})
        self.send(wire.subscribe([(one, 1) for one in filters], 1, version=self.version))

    def on_suback(self, packet):
        assert 0x80 not in packet.codes, f"no subscription: {packet}"
        self.look()

    def on_publish(self, packet):
        if packet.qos:
            self.send(wire.ack(wire.PUBACK, packet.packet_id))
        if packet.payload:  # A deletion that happens just now has no number.
            message, floor = self.load.ledger.find(packet), self.floor[packet.topic]
            assert message.number >= floor, (
                f"{message} came with RETAIN {int(packet.retain)}, though {floor} was acknowledged "
                "before the subscription")
        self.missing.discard(packet.topic)
        self.look()

    def look(self):
        if not self.missing:
            self.looks += 1
            self.leave(politely=True)

    async def pause(self):
        await asyncio.sleep(0.2)
