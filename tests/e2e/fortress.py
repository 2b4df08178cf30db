"""A broker that is attacked: what is its own listens on loopback, and lets in who comes; what faces
the attackers asks for passwords, and has one listener with TLS and
one of WebSocket."""

import subprocess

from certificates import Authority
from hostile import PASSWORD, USER
from ports import free_port

RULES = f"""\
topic readwrite good/#
topic readwrite bench/#
user {USER}
topic readwrite mallory/#
topic readwrite $share/#
"""
RETAINED_MAX = 10_000
SUBSCRIPTIONS_MAX = 10_000


class Fortress:
    def __init__(self, folder):
        passwords, rules = folder / "passwords", folder / "rules"
        subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, USER, PASSWORD], check=True,
                       timeout=20)
        rules.write_text(RULES)
        server = Authority(folder / "authority").issue("server")
        self.open_port, self.tls_port, self.web_port = free_port(), free_port(), free_port()
        self.options = (
            f"--listener=mqtt://0.0.0.0:{self.open_port}",
            f"--listener=mqtts://0.0.0.0:{self.tls_port}?cert={server.cert}&key={server.key}",
            f"--listener=ws://0.0.0.0:{self.web_port}/mqtt",
            f"--auth.password_file={passwords}", f"--auth.acl_file={rules}",
            "--limits.connect_timeout_ms=2000", "--limits.max_packet_size=1M",
            "--limits.outbox_bytes=1M",
            f"--limits.retained_messages_max={RETAINED_MAX}",
            f"--limits.subscriptions_max={SUBSCRIPTIONS_MAX}",
        )

    def port_for(self, attack):
        if attack == "slow_tls":
            return self.tls_port
        return self.web_port if attack.startswith("web_") else self.open_port
