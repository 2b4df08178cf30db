"""Who leads: what `promote` and `demote` do and refuse, and who leads again after a crash."""

import pytest

from flow import Flow, Queue
from pair import Pair


class Unled(Pair):
    """Two nodes that have been told nothing yet."""

    def __init__(self, *words, **options):
        self.told = False
        super().__init__(*words, **options)
        self.told = True

    def promote(self, node, *words):
        if self.told:
            super().promote(node, *words)


def refusal(node, *words):
    done = node.ctl(*words)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    return done.stderr


def leaders(one):
    return [node.name for node in one.nodes if node.leads()]


@pytest.mark.parametrize("first", [0, 1])
def test_a_new_pair_is_led_by_the_one_that_is_promoted(tmp_path, first):
    one = Unled(tmp_path)
    try:
        assert not leaders(one)
        one.promote(one.nodes[first])
        one.await_equal()
        assert leaders(one) == [one.nodes[first].name]
        one.stop()
    finally:
        one.remove()


def test_what_makes_no_sense_is_refused_and_changes_nothing(pair):
    one = pair()
    one.await_equal()
    before = one.positions()
    assert "is connected: demote it first" in refusal(one.standby, "promote")
    assert "is the primary already" in refusal(one.primary, "promote")
    assert "is a standby already" in refusal(one.standby, "demote")
    assert "standby" in refusal(one.standby, "publish", "t", "x")
    assert one.positions() == before and leaders(one) == ["a"]


def test_a_primary_that_is_demoted_leaves_the_lead_to_its_standby(pair):
    one = pair()
    one.await_equal()
    old, new = one.nodes
    assert old.ask("demote") == {"role": "standby"}
    one.until(new.leads, "the standby to lead")
    one.call_primary(new)
    one.await_equal()
    assert leaders(one) == [new.name]


def test_a_primary_that_is_demoted_alone_does_not_lead_again_by_itself(pair):
    one = pair()
    one.await_equal()
    old, new = one.nodes
    new.kill()
    with one.connected() as reader, one.connected() as writer:
        reader.subscribe(("flood", 0))  # And reads no more, so the node waits before it ends.
        for _ in range(100):
            writer.publish("flood", bytes(100_000), qos=1)
        assert old.ask("demote") == {"role": "standby"}
        assert not old.leads()
    one.until(lambda: old.says("this node follows") >= 2, "another life of the old primary")
    new.launch()
    one.until(lambda: all(one.ask("status")["replication"]["phase"] == "nobody leads"
                          for one in one.nodes), "the two to have met")
    assert not leaders(one)
    one.promote(old)
    one.await_equal()


def test_a_primary_that_comes_back_before_anybody_was_promoted_leads_again(pair):
    one = pair()
    queue = Queue(one)
    one.await_sync()
    with Flow(one) as flow:
        for _ in range(3):
            wanted = flow.acknowledged + 100
            one.until(lambda: flow.acknowledged >= wanted, "traffic")
            one.primary.kill()
            one.primary.launch()
            one.find_primary()
            one.await_sync()
    queue.expect_all(one, flow)
    one.await_equal()


def in_order(one, first):
    nodes = [one.primary, one.standby]
    return nodes if first == "primary" else nodes[::-1]


@pytest.mark.parametrize("ended_first", ["primary", "standby"])
@pytest.mark.parametrize("back_first", ["primary", "standby"])
@pytest.mark.parametrize("mode", ["written", "flushed"])
def test_after_a_crash_of_both_exactly_one_leads_and_nothing_is_lost(pair, mode, back_first,
                                                                     ended_first):
    one = pair(mode=mode)
    queue = Queue(one)
    one.await_sync()
    with Flow(one) as flow:
        one.until(lambda: flow.acknowledged > 200, "traffic")
        for node in in_order(one, ended_first):
            node.kill()
        for node in in_order(one, back_first):
            node.launch()
        one.find_primary()
        one.await_sync()
    one.kill()
    one.launch()
    queue.expect_all(one, flow)
    one.await_equal()


def test_a_primary_that_was_alone_leads_alone_again(pair):
    one = pair()
    queue = Queue(one)
    one.await_sync()
    one.standby.kill()
    with Flow(one) as flow:
        one.until(lambda: flow.acknowledged > 200, "traffic")
        one.primary.kill()
        one.primary.launch()
        one.until(one.primary.leads, "the node to lead again")
        before = flow.acknowledged
        one.until(lambda: flow.acknowledged > before, "traffic")
        one.standby.launch()
        one.await_sync()
    queue.expect_all(one, flow)
    one.await_equal()


def test_a_primary_that_had_a_standby_waits_for_it(pair):
    """The standby may have been promoted in the meantime: nobody can know."""
    one = pair()
    one.await_sync()
    old, new = one.nodes
    old.kill()
    one.promote(new)
    with one.connected() as client:
        client.publish("t", b"later", 1, retain=True)
    new.kill()
    old.launch()
    one.until(lambda: old.says("Connection refused"), "it to have looked for its peer")
    assert not leaders(one)
    new.launch()
    assert one.find_primary() is new
    one.await_equal()
    with one.connected() as client:
        client.subscribe("t")
        client.take("later", retain=True)
