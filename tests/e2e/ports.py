"""Ports for what a test starts, ends and starts again, as tests/free_port.hpp gives them."""

import itertools
import pathlib
import random
import socket

FIRST = 10000


def _ours():
    """Below those that the kernel gives to clients: while a daemon is down, a client that tries to
    reach it could be given the port itself, and connect to itself. From a random one on, round and
    round: others look for ports, too."""
    limits = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    end = max(int(limits[0]), FIRST + 100)
    start = random.randrange(FIRST, end)
    return itertools.cycle([*range(start, end), *range(FIRST, start)])


_ports = _ours()


def _is_free(port, kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that is free now, for TCP and UDP, and that was not given before."""
    return next(port for port in _ports
                if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM))
