"""What the authority says of the certificate, shown to clients that ask for it."""

import signal

import pytest

from certificates import openssl
from test_ctl import Ctl
from test_tls import s_client
from test_unix import refusal
from tls_client import Door

VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


@pytest.fixture
def door(tmp_path):
    made = Door(tmp_path)
    made.parameters["ocsp"] = made.authority.ocsp(made.server)
    return made


def serial_of(certificate):
    return openssl("x509", "-in", certificate.cert, "-noout", "-serial").strip().split("=")[1]


@VERSIONS
def test_who_asks_gets_the_answer(daemon, door, version):
    daemon(door.option())
    said = s_client(door.port, version, "-status", "-CAfile", door.authority.pem)
    assert "OCSP Response Status: successful" in said
    assert "Cert Status: good" in said
    assert f"Serial Number: {serial_of(door.server)}" in said
    assert "OCSP" not in s_client(door.port, version)


def test_a_new_answer_is_read_again(daemon, door):
    one = daemon(door.option())
    before = s_client(door.port, "-status")
    door.authority.ocsp(door.server, minutes=600)
    one.process.send_signal(signal.SIGHUP)
    one.await_text("certificates were read again")
    after = s_client(door.port, "-status")
    next_update = [[line for line in said.splitlines() if "Next Update" in line]
                   for said in (before, after)]
    assert next_update[0] and next_update[1] and next_update[0] != next_update[1]
    door.parameters["ocsp"].write_text("no answer")
    assert "holds no OCSP response in DER" in \
        Ctl(one.folder / "admin.sock").refused("tls", "reload")
    assert "Cert Status: good" in s_client(door.port, "-status")


def test_an_answer_about_another_certificate_stops_the_start(door, tmp_path):
    other = door.authority.issue("other")
    door.parameters["ocsp"] = door.authority.ocsp(other, "other.der")
    assert "is no answer about the certificate of the listener" in refusal(tmp_path, door.option())


def test_an_answer_that_is_not_good_stops_the_start(door, tmp_path):
    door.authority.revoke(door.server)
    door.authority.ocsp(door.server)
    assert "says of the certificate: revoked" in refusal(tmp_path, door.option())
    door.parameters["ocsp"] = tmp_path / "none"
    assert "cannot be read: No such file" in refusal(tmp_path, door.option())
