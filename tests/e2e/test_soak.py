"""A minute of failovers of all kinds; `make soak MINUTES=n` does the same for longer."""

import random
import time

import soak

SECONDS = 60


def test_nothing_acknowledged_is_lost_in_a_minute_of_failovers_of_all_kinds(pair):
    one = soak.Soak(pair(*soak.OPTIONS, policy="heartbeat"), random.randrange(1 << 32))
    until = time.monotonic() + SECONDS
    try:
        one.run(lambda: time.monotonic() >= until)
    finally:
        print(f"\n{one.load.summary()}")
    print(one.report())
    assert set(one.gaps) == {"kill", "switch_over", "fall_silent"}
    one.pair.await_equal()
