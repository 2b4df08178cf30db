"""Failover with a witness: the rows of the failure matrix (docs/FAILURES.md) about paths,
processes and the witness itself. See witnessed_pair for what each has to keep."""

from witnessed_pair import tell, watched, witnessed

__all__ = ["witnessed"]
ROUNDS = 3


def test_row_1_the_primary_s_process_is_killed(witnessed):
    pair = witnessed()
    gaps = []
    for _ in range(ROUNDS):
        lost = pair.primary
        gaps.append(pair.fail_over(lambda node: node.kill()))
        lost.launch()
        pair.await_rest()
    tell("witness: a process that dies", gaps)


def test_row_2_the_primary_s_host_is_lost(witnessed):
    pair = witnessed()
    gaps = []
    for _ in range(ROUNDS):
        lost = pair.primary
        gaps.append(pair.fail_over(pair.lose_host))
        pair.return_host(lost)
        pair.await_rest()
    tell("witness: a host that is lost", gaps)


def test_row_3_the_standby_dies_and_comes_back(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    b.kill()
    pair.write()
    pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
    b.launch()
    pair.await_rest()
    assert pair.primary is a


def test_row_6_both_paths_are_cut_and_both_see_the_witness(witnessed):
    """The primary lives, so it goes on alone, and the standby does not lead."""
    pair = witnessed()
    a, b = pair.nodes
    with watched(pair):
        pair.cut()
        pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
        pair.write()
        assert a.leads() and not b.leads()
        pair.heal()
        pair.await_rest()
    assert pair.primary is a


def test_row_8_a_primary_that_only_clients_see_stops_before_the_standby_leads(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.write()
    with watched(pair):
        pair.cut()
        pair.network.cut("a", "witness", network="witness")
        pair.await_leader(b)
        assert not a.leads()
        pair.write()
        pair.heal()
        pair.await_rest()
    assert pair.primary is b
    assert not a.ctl("diverged", "list").stdout.strip()


def test_row_10_without_the_witness_a_healthy_pair_goes_on_and_nobody_takes_over(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.etcd.kill()
    pair.until(lambda: "trouble" in a.status()["witness"], "a to miss the witness")
    pair.write()
    assert a.leads()
    a.kill()
    pair.until(lambda: not b.status()["peer"]["connected"], "b to miss a")
    pair.until(lambda: b.status()["failover"]["role"] != "insync", "b to ask")
    assert not b.leads()
    pair.etcd.start()
    pair.await_leader(b)
    a.launch()
    pair.await_rest()


def test_row_11_without_the_witness_a_pair_that_is_cut_stops_until_it_is_back(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.write()
    with watched(pair):
        pair.etcd.kill()
        pair.cut()
        pair.until(lambda: not a.leads(), "a to stop")
        assert not b.leads()
        pair.heal()
        pair.etcd.start()
        pair.await_rest()


def test_row_12_a_witness_that_has_lost_its_data_is_told_anew_by_command(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.etcd.lose_data()
    pair.until(lambda: "witness repair" in a.status()["witness"].get("trouble", ""),
               "a to miss its record")
    pair.write()
    assert b.ctl("witness", "repair").returncode != 0
    assert a.ctl("witness", "repair").returncode == 0
    pair.await_rest()
    assert pair.primary is a


def test_row_13_a_witness_that_stalls_for_two_seconds_stops_nobody(witnessed):
    pair = witnessed()
    a = pair.primary
    with watched(pair):
        pair.etcd.pause()
        pair.until(lambda: "trouble" in a.status()["witness"], "a to miss the witness")
        pair.write()
        pair.etcd.go_on()
        pair.until(lambda: a.status()["witness"]["answers"], "the witness to answer")
    assert a.leads()
    pair.await_rest()


def test_row_15_a_primary_that_hangs_finds_that_it_leads_no_more(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    tell("witness: a process that hangs", [pair.fail_over(lambda node: node.pause())])
    a.go_on()
    pair.until(lambda: not a.leads(), "the old primary to step down")
    pair.await_rest()
    assert pair.primary is b


def test_row_24_the_one_that_comes_back_alone_leads_only_if_it_has_all(witnessed):
    """Both die after the standby was left behind; it is the first to come back."""
    pair = witnessed()
    a, b = pair.nodes
    b.kill()
    pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
    pair.write()
    a.kill()
    b.launch()
    pair.until(lambda: b.status()["witness"]["answers"], "b to see the witness")
    pair.until(lambda: b.status()["witness"]["primary"] == "a", "b to know who led")
    assert b.ctl("promote").returncode != 0
    assert not b.leads()
    a.launch()
    pair.await_leader(a)
    pair.await_rest()


def test_row_30_a_link_that_flaps_loses_nothing(witnessed):
    pair = witnessed()
    a = pair.primary
    with watched(pair):
        for _ in range(3):
            pair.cut()
            pair.until(lambda: a.status()["replication"]["acknowledges"] == "alone",
                       "a to go on alone")
            pair.write()
            pair.heal()
            pair.until(lambda: a.status()["peer"]["connected"], "b to come back")
            pair.write()
    pair.await_rest()


def test_a_forced_promotion_ends_the_old_term_and_keeps_what_it_had_alone(witnessed):
    """Row 33: the old primary's tail is exported and can be replayed."""
    pair = witnessed()
    a, b = pair.nodes
    b.kill()
    pair.until(lambda: pair.lists() == ["a"], "the witness to list a alone")
    pair.write()
    a.kill()
    b.launch()
    pair.until(lambda: b.status()["witness"]["answers"], "b to see the witness")
    assert b.ctl("promote", "--force").returncode == 0
    pair.await_leader(b)
    a.launch()
    pair.find_primary()
    pair.await_equal()
    assert pair.primary is b
    assert a.ask("diverged", "list"), "what the old primary had alone is gone"


def test_a_planned_stop_of_the_primary_has_the_standby_lead_at_once(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.write()
    a.stop()
    pair.await_leader(b)
    a.launch()
    pair.await_rest()


def test_a_switchover_moves_the_lead_at_the_witness_too(witnessed):
    pair = witnessed()
    for turn in range(4):
        old, heir = pair.primary, pair.standby
        pair.write()
        asked = heir if turn % 2 else old
        done = asked.ctl("switchover")
        assert done.returncode == 0, done
        assert heir.leads(), pair.text()
        pair.await_leader(heir)
        pair.await_rest()


def test_without_the_witness_a_switchover_is_refused_and_the_primary_goes_on(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.network.cut("b", "witness", network="witness")
    with pair.connect("client") as client:
        declined = a.ctl("switchover")
        assert declined.returncode == 1 and "does not lead" in declined.stderr, declined
        client.ping()  # On its connection.
    pair.write()
    pair.heal()
    pair.etcd.kill()
    pair.until(lambda: "trouble" in a.status()["witness"], "a to miss the witness")
    for node in pair.nodes:
        refused = node.ctl("switchover")
        assert refused.returncode == 1 and "does not answer" in refused.stderr, refused
    pair.write()
    pair.etcd.start()
    pair.await_rest()
    assert pair.primary is a


def test_after_a_demotion_the_standby_leads(witnessed):
    pair = witnessed()
    a, b = pair.nodes
    pair.write()
    assert a.ask("demote") == {"role": "standby"}
    pair.await_leader(b)
    pair.await_rest()
