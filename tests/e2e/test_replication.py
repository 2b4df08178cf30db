"""The standby comes and goes, the link is cut, and bits on it are flipped: the log is followed all
the same, and nothing is applied that the primary has not written. The checker is that of the crash
test: in the end the standby leads, and must have all."""

import socket
import time

import pytest

from flow import Flow
from test_failover import run

RATE = 600  # Messages a second.
CUTS = 30
FLIPS = 12


def full_syncs(pair):
    return sum(node.says("a full sync from") for node in pair.nodes)


def test_an_acknowledgement_waits_for_the_standby(pair, proxy):
    one = pair(peer_ports=proxy.between)
    one.await_sync()
    proxy.to["b"].delay_s = 0.2
    with one.connected() as client:
        begin = time.monotonic()
        client.publish("t", b"x", 1, retain=True)
        assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_after_a_short_absence_the_standby_catches_up_from_the_log(pair, end):
    # The node's own limit of the log is smaller than what is written in the meantime.
    one = pair("--store.log_bytes_max=1M", "--replication.log_bytes_max=200M")

    async def harm(load):
        await load.until(one.in_sync, "the standby to be in sync")
        standby = one.standby
        getattr(standby, end)()
        with Flow(one, size=5000, rate=400, retain=True) as flow:
            await load.until(lambda: flow.acknowledged >= 1200, "some megabytes of log")
        assert one.primary.status()["replication"]["acknowledges"] == "alone"
        standby.launch()
        await load.until(one.in_sync, "the standby to be in sync again")

    run(one, harm, RATE)
    assert full_syncs(one) == 0, one.text()
    one.await_equal()


def test_a_link_that_is_cut_again_and_again_loses_nothing(pair, proxy):
    one = pair("--replication.timeout_ms=1000", peer_ports=proxy.between)

    async def harm(load):
        await load.until(one.in_sync, "the standby to be in sync")
        for _ in range(CUTS):
            before = proxy.to["b"].passed
            await load.until(lambda: proxy.to["b"].passed > before + load.dice.random() * 30_000,
                             "traffic over the link")
            proxy.cut()
        await load.until(one.in_sync, "the standby to be in sync again")

    run(one, harm, RATE)
    assert full_syncs(one) == 0, one.text()
    one.await_equal()


def test_a_flipped_bit_ends_the_link_and_nothing_of_it_is_applied(pair, proxy):
    one = pair("--replication.timeout_ms=1000", peer_ports=proxy.between)

    async def harm(load):
        await load.until(one.in_sync, "the standby to be in sync")
        for number in range(FLIPS):
            node = one.nodes[number % 2]
            # Anywhere in the handshake, or in the frames behind it; each node dials the other one, so
            # on whichever of their links has the byte.
            to = proxy.to[node.name]
            to.flip(load.dice.randrange(2_000))
            await load.until(lambda: to.flipped, "traffic over a link")
            await load.until(lambda: to.flipped.over, "the end of that link")
        await load.until(one.in_sync, "the standby to be in sync again")

    run(one, harm, RATE)
    assert full_syncs(one) == 0, one.text()
    assert sum(node.says("with a wrong tag") for node in one.nodes) >= FLIPS // 3, one.text()
    assert not any(node.says("this node differs") for node in one.nodes), one.text()
    one.await_equal()


def frames_of(recorded):
    """The bytes behind greeting and proof (replication/README.md)."""
    return recorded[6 + int.from_bytes(recorded[4:6], "big") + 32:]


def first_frame(recorded):
    frames = frames_of(recorded)
    return frames[:4 + int.from_bytes(frames[:4], "big") + 16]


def say_again(port, recorded):
    """The answer to all that somebody has said once."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
        stranger.sendall(recorded)
        answer = b""
        while data := stranger.recv(4096):
            answer += data
        return answer


def test_what_was_recorded_on_the_link_is_worth_nothing_later(pair, proxy):
    """Neither on the connection from which it comes nor on a new one."""
    one = pair(peer_ports=proxy.between)
    one.await_sync()
    with one.connected() as client:
        client.publish("t", b"once", 1, retain=True)
    one.await_equal()
    before = one.positions()
    link = proxy.alive()[-1]
    acceptor = next(node for node in one.nodes if node.name != link.dialler)
    port = one.listen_ports[one.nodes.index(acceptor)]
    assert frames_of(say_again(port, link.recorded[acceptor.name])) == b""
    assert acceptor.says("does not know our secret") == 1, one.text()

    link.ends["b"].sendall(first_frame(link.recorded["b"]))
    one.until(lambda: link.over, "the end of the link")
    one.until(lambda: one.standby.says("with a wrong tag") == 1, "the reason of it")
    one.await_equal()
    assert one.positions() == before
