"""Roles and groups in the ACL file, and roles that come with a token."""

import pytest

import wire
from client import unique
from rule import NEW, rule
from test_auth import scram_line, written
from test_ctl import Ctl
from test_jwt import Key, key_set, options
from test_rights import as_user

RULES = """
role line
topic readwrite line/#
role viewer
topic read shown/#
topic deny shown/secret
user ann
roles line
group shift
member bob
roles viewer
topic write shift/a
user root
topic readwrite #
"""


@pytest.fixture
def ruled(daemon, tmp_path):
    users = "".join(scram_line(name, f"{name}-password") for name in ("ann", "bob", "root"))
    return daemon(f"--auth.password_file={written(tmp_path / 'passwords', users)}",
                  f"--auth.acl_file={written(tmp_path / 'rules', RULES)}")


@rule("a user may what its roles and groups may", NEW)
def test_roles(ruled, version):
    with as_user(ruled, "ann", version) as ann, as_user(ruled, "bob", version) as bob:
        assert ann.publish("line/1", b"x", 1).reason in (0, 0x10)
        assert ann.publish("shift/a", b"x", 1).reason == 0x87
        assert bob.publish("shift/a", b"x", 1).reason in (0, 0x10)
        assert bob.publish("line/1", b"x", 1).reason == 0x87
        assert bob.subscribe("shown/#", "line/#").codes == [0, 0x87]
        with as_user(ruled, "root", version) as root:
            assert root.publish("shown/secret", b"x", 1).reason == 0x10
            assert root.publish("shown/x", b"y", 1).reason == 0
        bob.take(b"y", topic="shown/x")


def test_acl_test_says_which_rule_decides(ruled):
    ctl = Ctl(ruled.folder / "admin.sock")
    assert ctl.record("acl", "test", "publish", "line/1", "--user=ann") == {
        "allowed": True, "user": "ann", "rule": "topic readwrite line/#", "section": "role line",
        "line": 3, "why": "This rule allows it, and none denies it."}
    denied = ctl.record("acl", "test", "receive", "shown/secret", "--user=bob")
    assert (denied["allowed"], denied["section"], denied["line"]) == (False, "role viewer", 6)
    none = ctl.record("acl", "test", "receive", "line/1", "--user=bob")
    assert (none["allowed"], none["why"]) == (False, "No rule allows it.")
    brought = ctl.record("acl", "test", "receive", "line/1", "--user=bob", "--roles=x,line")
    assert brought["allowed"] and brought["section"] == "role line"
    with as_user(ruled, "ann") as ann:
        mine = ctl.record("acl", "test", "receive", "line/1", f"--client={ann.client_id}")
        assert (mine["allowed"], mine["user"]) == (True, "ann")
    assert "is not a topic" in ctl.refused("acl", "test", "publish", "a/#")


def test_an_unknown_role_names_its_line(daemon, tmp_path):
    path = written(tmp_path / "rules", "user ann\nroles gone\n")
    with pytest.raises(AssertionError, match="line 2, 'roles gone': there is no line 'role gone'"):
        daemon(f"--auth.acl_file={path}")


# --- roles by token


@pytest.fixture
def tokens(daemon, tmp_path):
    key = Key(tmp_path, "EdDSA")
    one = daemon(*options(key_set(tmp_path / "keys.json", key), "--auth.jwt_roles_claim=roles",
                          f"--auth.acl_file={written(tmp_path / 'rules', RULES)}"))
    one.key = key
    return one


def token_client(one, user, *roles, **connect):
    password = one.key.token(sub=user, roles=list(roles))
    return one.connected(password=password, **connect)


@rule("the roles of a token hold for its connection and no other", NEW)
def test_token_roles(tokens, version):
    with token_client(tokens, "eve", "line") as client:
        assert client.publish("line/1", b"x", 1).reason in (0, 0x10)
        assert client.publish("shown/1", b"x", 1).reason == 0x87
    with token_client(tokens, "eve") as client:
        assert client.publish("line/1", b"x", 1).reason == 0x87
    with token_client(tokens, "eve", "superuser") as client:
        assert client.publish("line/1", b"x", 1).reason == 0x87
    tokens.await_text("brings a role that auth.acl_file does not have: 'superuser'")


@rule("what came while its client was away is asked about with the roles of the next login", NEW)
def test_queue(tokens, version):
    client_id = unique("away")
    session = {"props": {"session_expiry": 600}, "clean": False}
    for roles, wanted in ((["line"], [b"1"]), ([], [])):
        with token_client(tokens, "eve", "line", client_id=client_id, **session) as client:
            client.subscribe(("line/#", 1))
        with token_client(tokens, "root") as root:
            assert root.publish("line/1", b"1", 1).reason == 0
        with token_client(tokens, "eve", *roles, client_id=client_id, **session) as client:
            for payload in wanted:
                client.take(payload, topic="line/1")
            client.ping()
    drops = Ctl(tokens.folder / "admin.sock").rows("drops", f"--client={client_id}")
    assert [(row["reason"], row["topic"]) for row in drops] == [("not_authorized", "line/1")]


@rule("a will that the roles of the login do not allow is refused with the CONNECT", NEW)
def test_will(tokens, version):
    with token_client(tokens, "root") as root:
        root.subscribe("line/#")
        left = token_client(tokens, "eve", "line", will=wire.Will("line/w", b"gone"))
        left.drop()
        root.take(b"gone", topic="line/w")
    with tokens.client(version) as client:
        client.connect(password=tokens.key.token(sub="eve"), will=wire.Will("line/w", b"x"), reason=0x87)
