"""Failover with a witness: the rows of the failure matrix (docs/FAILURES.md) about hosts, disks,
keepalived and clients. See witnessed_pair for what each has to keep."""

from test_wake import connect_all_anew, idle_clients
from witnessed_pair import VIP, watched, witnessed

__all__ = ["witnessed"]
MEGABYTE = 1_000_000
SMALL_DISK = 420 * MEGABYTE
LOW = 150 * MEGABYTE
DISK_LIMITS = ("--store.low_bytes=200M", "--store.floor_bytes=100M")
QUOTA_EXCEEDED = 0x97
IDLE_CLIENTS = 10_000
BACK_WITHIN_S = 10


def test_row_5_the_replication_path_is_cut_and_the_second_one_is_not(witnessed):
    """The standby knows that its primary lives."""
    pair = witnessed(second_path=True)
    a, b = pair.nodes
    with watched(pair):
        pair.cut()
        pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
        pair.write()
        assert a.leads() and not b.leads()
        pair.heal()
        pair.await_rest()
    assert pair.primary is a


def test_row_16_a_host_that_was_paused_finds_that_it_leads_no_more(witnessed):
    """As a virtual machine that is moved: it is silent, and then goes on where it was."""
    pair = witnessed()
    a, b = pair.nodes
    pair.write()
    pair.pause_host(a)  # The virtual IP stays on its interface.
    try:
        pair.until(b.leads, "b to lead")
        pair.call_primary(b)
        pair.write()
    finally:
        pair.resume_host(a)
    pair.until(lambda: not a.leads(), "the old primary to step down")
    pair.await_rest()
    assert pair.primary is b
    assert not a.ctl("diverged", "list").stdout.strip()


def test_row_18_a_primary_whose_disk_is_full_goes_on_leading_and_refuses_what_is_new(witnessed):
    pair = witnessed(*DISK_LIMITS, small_disks={"a": SMALL_DISK})
    a, b = pair.nodes
    pair.write()
    a.fill_disk(LOW)
    with pair.connect("sender") as sender:
        taken = lambda: sender.publish("orders", b"new", qos=1, retain=True).reason  # noqa: E731
        pair.until(lambda: taken() == QUOTA_EXCEEDED, "something new to be refused")
        assert a.leads() and not b.leads()
        a.empty_disk()
        pair.until(lambda: taken() < 0x80, "room again")
    pair.write()
    pair.await_rest()
    assert pair.primary is a


def test_row_19_a_standby_whose_disk_is_full_is_left_behind_until_there_is_room(witnessed):
    pair = witnessed(*DISK_LIMITS, small_disks={"b": SMALL_DISK})
    a, b = pair.nodes
    pair.write()
    b.fill_disk(LOW)
    pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
    pair.write()
    b.empty_disk()
    pair.await_rest()
    assert pair.primary is a


def test_row_22_without_keepalived_on_the_primary_nothing_moves(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    with watched(pair):
        pair.keepalived["a"].kill()
        pair.write()
        assert pair.network.holders() == ["a"]
        assert a.leads() and not b.leads()
        pair.keepalived["a"].start()
        pair.write()
        pair.await_rest()


def test_row_22_without_keepalived_on_the_standby_its_log_says_why_no_client_comes(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.write()
    pair.keepalived["b"].kill()
    a.kill()
    pair.until(b.leads, "b to lead")
    pair.until(lambda: b.says("so no client reaches it: is keepalived running"), "b to say so")
    assert pair.try_to_connect("early", VIP) is None
    pair.keepalived["b"].start()
    pair.await_leader(b)
    pair.write()
    a.launch()
    pair.await_rest()


def test_row_28_a_standby_that_was_away_for_longer_than_the_log_is_held_gets_everything(witnessed):
    pair = witnessed("--store.log_bytes_max=1M", "--replication.log_bytes_max=1M",
                     "--replication.image_bytes_per_s=4M")
    a, b = pair.nodes
    pair.write()
    b.kill()
    pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
    forgotten = a.ask("store", "info")["last_lsn"]
    with pair.connect("busy") as busy:
        def work():
            busy.publish("noise", b"x" * 20_000, qos=1, retain=True)
            return True
        pair.until(lambda: work() and a.ask("store", "info")["first_lsn"] > forgotten + 1,
                   "the log to be trimmed")
        b.launch()
        pair.until(lambda: work() and pair.lists() == ["a", "b"], "b to be listed, under load")
    assert b.says("a full sync from") == 1
    pair.await_rest()
    assert pair.primary is a


def test_row_36_ten_thousand_idle_clients_are_back_soon(witnessed):
    pair = witnessed()
    pair.write()
    asleep = idle_clients(pair, IDLE_CLIENTS)
    lost, heir = pair.primary, pair.standby
    pair.lose_host(lost)
    pair.await_leader(heir)
    woken, reset_after, back_after = connect_all_anew(pair, asleep)
    print(f"\n{IDLE_CLIENTS} idle clients: the last one reset {reset_after:.2f} s, and back "
          f"{back_after:.2f} s after the virtual IP served again")
    for client in woken:
        client.drop()
    pair.return_host(lost)
    pair.await_rest()
