"""The test's own client over TLS, and daemons that serve it."""

import ssl

import wire
from certificates import Authority
from client import Client
from ports import free_port


def context(authority, certificate=None, version=None, check=True):
    """What a client brings along: whom it trusts, and who it is."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(authority.pem)
    if certificate:
        made.load_cert_chain(certificate.cert, certificate.key)
    if version:
        made.minimum_version = made.maximum_version = version
    if not check:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


class TlsClient(Client):
    def __init__(self, port, of, version=wire.V5, session=None, host="localhost",
                 address="127.0.0.1"):
        super().__init__(port, version, address)
        try:
            self.socket = of.wrap_socket(self.socket, server_hostname=host, session=session)
        except BaseException:
            self.socket.close()
            raise

    def session(self):
        """To resume; over TLS 1.3 it has come with the first packet."""
        return self.socket.session

    @property
    def resumed(self):
        return self.socket.session_reused


class Door:
    """A listener with TLS, its authority and its certificate."""

    def __init__(self, folder, **parameters):
        self.authority = Authority(folder / "authority")
        self.server = self.authority.issue("server")
        self.port = free_port()
        self.parameters = {"cert": self.server.cert, "key": self.server.key, **parameters}

    def option(self):
        query = "&".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"--listener=mqtts://127.0.0.1:{self.port}?{query}"

    def asks_clients(self, how="required", **parameters):
        self.parameters.update(ca=self.authority.pem, client_cert=how, **parameters)
        return self

    def client(self, certificate=None, tls=None, **options):
        return TlsClient(self.port, context(self.authority, certificate, tls), **options)

    def connected(self, certificate=None, tls=None, session=None, **options):
        client = self.client(certificate, tls, session=session)
        client.connect(**options)
        return client
