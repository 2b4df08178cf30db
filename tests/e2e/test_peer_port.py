"""Who does not belong here speaks to the replication port: it is refused, the log says why, nothing
is applied, and the pair goes on as if nobody had come."""

import pytest

from certificates import Authority
from flow import Flow
from pair import Node, meeting, write_secret
from peer_speaker import Speaker, greeting
from ports import free_port

TIMEOUT = "--replication.timeout_ms=1000"
RATE = 200
HTTP = b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n"
HUGE = 600 << 20

# What a stranger says, whether it stays, and what the log says of it.
STRANGERS = {
    "garbage": (bytes(range(256)) * 50, "does not greet as a tandemq node"),
    "a web browser": (HTTP, "does not greet as a tandemq node"),
    "a part of a greeting": (greeting(b"x")[:20], "closed the connection before it had proved"),
    "a greeting and no proof": (greeting(b"x"), "closed the connection before it had proved"),
    "a huge greeting": (b"TMQR\xff\xff", "announces a greeting of 65541 bytes"),
    "a greeting of another length": (greeting(b"x").replace(b"\x01x", b"\x02x"),
                                     "fields do not fit their length"),
    "no node.id": (greeting(b""), "has a node.id that is none"),
    "another cluster": (greeting(b"x", b"other"), "belongs to the cluster 'other'"),
    "a version of the future": (greeting(b"x", versions=(9, 9)), "speaks the versions 9 to 9"),
    "an acceptor": (greeting(b"x", side=1), "takes itself for the acceptor"),
}

# What somebody says who knows the secret, and what the log says of it.
BAD_FRAMES = {
    "an unknown kind": (lambda peer: peer.say(b"\x63"), "that is none"),
    "an empty frame": (lambda peer: peer.say(b""), "that is none"),
    "records before Hello": (lambda peer: peer.say(b"\x04\x01\x00\x00\x00"),
                             "has not said Hello first"),
    "a truncated Hello": (lambda peer: peer.say(b"\x01\x01\x00\x00"), "that is none"),
    "a huge frame": (lambda peer: peer.say(b"", HUGE), f"announces a frame of {HUGE} bytes"),
    "a wrong tag": (lambda peer: peer.send(b"\x00\x00\x00\x01\x06" + bytes(16)), "wrong tag"),
    "a frame left out": (lambda peer: (setattr(peer, "number", 1), peer.say(b"\x06\x00\x00")),
                         "wrong tag"),
}


@pytest.fixture
def busy(pair):
    """A pair with traffic, that must not notice anything of what the test does."""
    one = pair(TIMEOUT)
    one.await_sync()
    with Flow(one, rate=RATE, retain=True) as flow:
        one.until(lambda: flow.acknowledged >= 10, "traffic")
        yield one
        before = flow.acknowledged
        one.until(lambda: flow.acknowledged > before, "traffic afterwards")
    assert flow.longest_s < 1, flow.longest_s
    for node in one.nodes:
        assert node.says("has ended") == 0 and node.says("is in sync") == 1, one.text()
    one.await_equal()


def test_strangers_are_refused(busy):
    for words, reason in STRANGERS.values():
        for node, port in zip(busy.nodes, busy.listen_ports):
            with Speaker(port) as stranger:
                stranger.send(words)
            busy.until(lambda: node.says(reason), f"the log to say: {reason}")


def test_who_says_nothing_is_sent_away(busy):
    for node, port in zip(busy.nodes, busy.listen_ports):
        with Speaker(port) as silent:
            assert silent.rest()[:4] == b"TMQR"  # Until the node closes.
        busy.until(lambda: node.says("the peer said nothing within 1000 ms"), "its log")


def test_who_has_our_own_name_or_another_secret_is_refused(busy):
    for node, port in zip(busy.nodes, busy.listen_ports):
        with Speaker(port) as twin:
            twin.send(greeting(node.name.encode()))
            twin.rest()
        busy.until(lambda: node.says(f"has our own node.id, '{node.name}'"), "its refusal")
        with Speaker(port) as liar:
            assert liar.prove(b"guessed", b"x") == bytes(32)
            assert liar.rest() == b""
        busy.until(lambda: node.says("the peer 'x' does not know our secret"), "its refusal")


def test_bad_frames_of_somebody_who_knows_the_secret_are_refused(busy):
    secret = busy.secret.read_bytes().strip()
    for say, reason in BAD_FRAMES.values():
        for node, port in zip(busy.nodes, busy.listen_ports):
            with Speaker(port) as peer:
                assert peer.prove(secret, b"x") != bytes(32)
                say(peer)
                assert peer.rest() == b""
            busy.until(lambda: node.says(reason), f"the log to say: {reason}")


def test_the_same_refusal_is_logged_once_a_minute(busy):
    node, port = busy.primary, busy.listen_ports[0]
    for _ in range(10):
        with Speaker(port) as stranger:
            stranger.send(HTTP)
            stranger.rest()
    assert node.says("does not greet as a tandemq node") == 1, node.text()


def intruder(one, name, secret, *options):
    """A third node that takes the primary for its peer."""
    port = free_port()
    return Node(name, (*meeting(port, one.listen_ports[0], secret), TIMEOUT, *options))


@pytest.mark.parametrize("name, other_secret, options, reason", [
    ("c", True, [], "does not know our secret"),
    ("c", False, ["--cluster.id=other"], "belongs to the cluster"),
    ("a", False, [], "has our own node.id, 'a'"),
])
def test_a_node_that_is_set_up_wrong_is_told_why(busy, tmp_path, name, other_secret, options,
                                                 reason):
    secret = write_secret(tmp_path / "other") if other_secret else busy.secret
    third = intruder(busy, name, secret, *options)
    try:
        busy.until(lambda: third.says(reason), "its own log to say why")
        busy.until(lambda: busy.primary.says(reason), "the log of the primary to say why")
        assert third.status()["lsn"] == 0 and not third.status()["peer"]["connected"]
        third.stop()
    finally:
        third.remove()


# ---------------------------------------------------------------- TLS


def signed_by(authority, trusted=None):
    """The options of a node with a certificate of `authority`, that trusts those of `trusted`."""
    node = authority.issue("node")
    return (f"--replication.tls.cert={node.cert}", f"--replication.tls.key={node.key}",
            f"--replication.tls.ca={(trusted or authority).pem}")


def publish_secretly(one):
    with one.connected() as client:
        client.publish("t", b"between us", 1, retain=True)


@pytest.mark.parametrize("tls", [True, False])
def test_only_tls_hides_what_is_said(pair, proxy, tmp_path, tls):
    one = pair(*(signed_by(Authority(tmp_path / "ca")) if tls else ()), peer_ports=proxy.between)
    one.await_sync()
    publish_secretly(one)
    one.await_equal()
    seen = b"".join(said for link in proxy.links for said in link.recorded.values())
    assert (b"between us" in seen) is not tls


@pytest.mark.parametrize("has_certificate", [True, False])
def test_over_tls_nobody_is_let_in_without_a_certificate_of_ours(pair, tmp_path, has_certificate):
    ours = Authority(tmp_path / "ours")
    one = pair(TIMEOUT, *signed_by(ours))
    one.await_sync()
    theirs = signed_by(Authority(tmp_path / "theirs"), ours) if has_certificate else ()
    third = intruder(one, "c", one.secret, *theirs)
    reason = "not signed by replication.tls.ca" if has_certificate else "in TLS 1.3"
    try:
        one.until(lambda: one.primary.says(reason), "the log to say why")
        assert third.status()["lsn"] == 0 and not third.status()["peer"]["connected"]
        third.stop()
    finally:
        third.remove()
    publish_secretly(one)
    assert one.in_sync()
    one.await_equal()
