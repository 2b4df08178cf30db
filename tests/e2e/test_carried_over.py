"""What test_durable.py asks of a restart, asked of a failover: here each crash is one of the
primary, and the standby takes over."""

import pytest

from pair import Pair
from test_durable import (test_delayed_will, test_delayed_will_of_one_who_returns, test_in_flight,
                          test_inbound_qos2, test_message_expiry, test_outbound_qos2,
                          test_properties, test_retained, test_session, test_session_expiry,
                          test_subscription_options, test_will)

__all__ = [
    "test_delayed_will", "test_delayed_will_of_one_who_returns", "test_in_flight",
    "test_inbound_qos2", "test_message_expiry", "test_outbound_qos2", "test_properties",
    "test_retained", "test_session", "test_session_expiry", "test_subscription_options",
    "test_will"
]


class FailingOver(Pair):
    """Two nodes where a test wants one daemon."""

    def kill(self):
        self.await_sync()
        super().kill()

    def start(self):
        self.launch()
        self.primary.await_port()

    def restart(self):
        self.kill()
        self.start()


@pytest.fixture
def daemon(tmp_path):
    started = []

    def start(*options):
        started.append(FailingOver(tmp_path, *options))
        return started[-1]

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.remove()
