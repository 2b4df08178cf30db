"""Backup, restore, point in time, and what happens when the store is damaged."""

import json
import subprocess
import threading
import time

import pytest

from test_ctl import CTL, Ctl, wait_for

SESSION = {"clean": False, "props": {"session_expiry": 100000}}


@pytest.fixture
def started(daemon):
    one = daemon()
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    return one, ctl


def data_dir(one):
    return f"--data-dir={one.folder / 'data'}"


def leave_session(one, name="away", topic="t"):
    with one.connected(client_id=name, **SESSION) as client:
        client.subscribe((topic, 1))
        client.disconnect()


def publish(one, *payloads, topic="t"):
    with one.connected() as client:
        for n, payload in enumerate(payloads, 1):
            client.publish(topic, payload, 1, n)


def queued(one, name="away"):
    """What waits for the session, all of it."""
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    return [row["payload"] for row in ctl.rows("queue", "peek", name, "--limit=100000")]


class Load:
    """Somebody who publishes 1, 2, 3, ... and notes what was acknowledged."""

    def __init__(self, one):
        self.one = one
        self.acknowledged = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with self.one.connected() as client:
            while not self.ends.is_set():
                client.publish("t", str(self.acknowledged + 1), 1, self.acknowledged % 60000 + 1)
                self.acknowledged += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(started, tmp_path):
    one, ctl = started
    leave_session(one)
    with Load(one) as load:
        wait_for(lambda: load.acknowledged > 100)
        before = load.acknowledged
        rows = ctl.rows("backup", "create", str(tmp_path / "backup"))
        after = load.acknowledged
        wait_for(lambda: load.acknowledged > after + 100)
    assert rows[-1]["folder"] == str(tmp_path / "backup")
    assert rows[-1]["sessions"] == 1
    one.kill()
    restored = ctl.record("backup", "restore", str(tmp_path / "backup"), data_dir(one), "--replace")
    assert restored["position"] == rows[-1]["position"]
    assert restored["digest"] == rows[-1]["digest"]
    one.start()
    payloads = queued(one)
    assert payloads == [str(n) for n in range(1, len(payloads) + 1)]
    assert before <= len(payloads) <= after + 1
    publish(one, "new")
    assert queued(one)[-1] == "new"


@pytest.mark.parametrize("delay_ms", [0, 5, 20, 50])
def test_a_crash_during_a_backup_loses_nothing(started, tmp_path, delay_ms):
    one, ctl = started
    leave_session(one)
    sent = [f"<{n}>" + "x" * 1000 for n in range(300)]
    publish(one, *sent)
    stream = ctl.stream("backup", "create", str(tmp_path / "backup"))
    stream.stdout.readline()
    time.sleep(delay_ms / 1000)
    one.restart()
    stream.communicate()
    assert queued(one) == sent
    target = f"--data-dir={tmp_path / 'target'}"
    if not (tmp_path / "backup" / "backup.json").exists():
        assert "holds no backup" in ctl.refused("backup", "restore", str(tmp_path / "backup"),
                                                target)
    else:
        assert ctl.record("backup", "restore", str(tmp_path / "backup"), target)["messages"] == 300


def test_a_backup_needs_an_empty_folder_that_the_broker_can_write(started, tmp_path):
    _, ctl = started
    (tmp_path / "taken").write_text("x")
    for folder in (tmp_path, tmp_path / "taken"):
        done = ctl.run("backup", "create", str(folder))
        assert done.returncode == 1 and str(folder) in done.stderr.decode()
    done = ctl.run("backup", "create", str(tmp_path / "made" / "for" / "it"))
    assert done.returncode == 0, done.stderr


def test_a_path_is_that_of_the_operator(started, tmp_path):
    _, ctl = started
    done = subprocess.run([CTL, f"--socket={ctl.socket}", "backup", "create", "here"],
                          cwd=tmp_path, capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert b"PROGRESS" in done.stdout
    assert json.loads((tmp_path / "here" / "backup.json").read_text())["format"] == 1


def test_a_store_is_replaced_only_on_demand_and_never_under_a_broker(started, tmp_path):
    one, ctl = started
    leave_session(one)
    publish(one, "backed up")
    backup = str(tmp_path / "backup")
    ctl.text("backup", "create", backup)
    publish(one, "later")
    assert "a node runs on" in ctl.refused("backup", "restore", backup, data_dir(one))
    assert "a node runs on" in ctl.refused("backup", "restore", backup, data_dir(one), "--replace")
    one.kill()
    assert "holds a store already" in ctl.refused("backup", "restore", backup, data_dir(one))
    one.start()
    assert queued(one) == ["backed up", "later"]
    one.kill()
    old = ctl.record("backup", "restore", backup, data_dir(one), "--replace")["moved_to"]
    one.start()
    assert queued(one) == ["backed up"]
    one.kill()
    (one.folder / "data" / "store").rename(tmp_path / "restored")
    (one.folder / "data" / "quarantine" / old.split("/")[-1] / "store").rename(
        one.folder / "data" / "store")
    one.start()
    assert queued(one) == ["backed up", "later"]


def test_restore_says_what_is_no_backup(started, tmp_path):
    _, ctl = started
    target = f"--data-dir={tmp_path / 'target'}"
    assert "holds no backup" in ctl.refused("backup", "restore", str(tmp_path), target)
    assert "needs DATA_DIR" in ctl.refused("backup", "restore", str(tmp_path), code=2)


def moment():
    """A time behind all that has been acknowledged, and before all that comes."""
    time.sleep(0.2)
    now = int(time.time() * 1000)
    time.sleep(0.2)
    return now


def test_a_point_in_time_is_brought_back(daemon, tmp_path):
    archive = tmp_path / "archive"
    one = daemon(f"--store.archive_dir={archive}", "--store.log_bytes_max=1M")
    ctl = Ctl(one.folder / "admin.sock")
    leave_session(one)
    publish(one, "1")
    wait_for(lambda: ctl.run("status").returncode == 0)
    backup = str(tmp_path / "backup")
    ctl.text("backup", "create", backup)
    publish(one, "2")
    first = moment()
    publish(one, "3")
    one.restart()
    second = moment()
    publish(one, "4", "5")
    one.stop()

    def restore(*options):
        done = ctl.record("backup", "restore", backup, data_dir(one), "--replace",
                          f"--archive={archive}", *options)
        one.start()
        payloads = queued(one)
        one.stop()
        return done, payloads

    done, payloads = restore(f"--until={first}")
    assert payloads == ["1", "2"]
    assert done["last_at"] <= first and not done["archive_ended"]
    # What was served since is another history, and has replaced the later part of the archive.
    one.start()
    publish(one, "other")
    one.stop()
    assert "goes on otherwise than what was archived" in one.text()
    done, payloads = restore()
    assert payloads == ["1", "2", "other"]
    assert "take an older one" in ctl.refused(
        "backup", "restore", backup, data_dir(one), "--replace", f"--archive={archive}",
        "--until=2001-01-01T00:00:00Z")
    assert "is no time" in ctl.refused("backup", "restore", backup, data_dir(one), "--replace",
                                       f"--archive={archive}", "--until=yesterday")
    assert second > first
    one.start()


def test_an_archive_that_cannot_be_written_holds_nobody_up(daemon, tmp_path):
    archive = tmp_path / "archive"
    archive.write_text("a file stands in the way")
    one = daemon(f"--store.archive_dir={archive}")
    leave_session(one)
    publish(one, "1", "2")
    one.await_text("the log cannot be archived")
    archive.unlink()
    one.await_text("the log is archived again")
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.record("store", "info")["archived"] >= 3)
    assert list(archive.glob("log-*.tqlog"))


def damage(one, marker):
    """Flips a bit wherever the text stands in the store."""
    found = 0
    for path in (one.folder / "data" / "store").iterdir():
        if path.suffix not in (".sst", ".log"):
            continue
        content = bytearray(path.read_bytes())
        at = content.find(marker)
        while at >= 0:
            content[at] ^= 1
            found += 1
            at = content.find(marker, at + 1)
        path.write_bytes(content)
    assert found


@pytest.fixture
def damaged(daemon, tmp_path):
    """A broker that is down, whose store is damaged where one of 200 messages stands."""
    one = daemon()
    leave_session(one)
    leave_session(one, "other", "other")
    publish(one, *(f"<{n}>" + "abcdefgh" * 100 for n in range(200)))
    publish(one, "kept", topic="other")
    one.stop()
    one.start()  # Now all is in files.
    one.stop()
    damage(one, b"<100>")
    return one, Ctl(tmp_path / "nobody.sock")


def test_a_damaged_store_is_not_served_unless_it_is_wished(damaged):
    one, _ = damaged
    one.launch()
    assert one.process.wait(20) == 1
    assert "--repair" in one.text()
    one.options = ("--repair",)
    one.start()


@pytest.mark.parametrize("option", ["--repair", "--store.on_damage=quarantine"])
def test_what_is_not_damaged_is_served_and_the_rest_kept(damaged, option):
    one, ctl = damaged
    usual = one.options
    one.options = (option,)
    one.start()
    assert "damage was set aside in" in one.text()
    assert queued(one, "other") == ["kept"]
    payloads = queued(one)
    assert not any(payload.startswith("<100>") for payload in payloads)
    assert len(payloads) > 100
    assert list((one.folder / "data" / "quarantine").glob("*/damage.jsonl"))
    one.stop()
    assert ctl.record("store", "verify", data_dir(one))["sound"] is True
    one.options = usual
    one.start()
    assert queued(one) == payloads


def test_verify_finds_a_flipped_bit(damaged):
    one, ctl = damaged
    done = ctl.run("--json", "store", "verify", data_dir(one))
    assert done.returncode == 1
    assert b"damaged" in done.stderr
    one.options = ("--repair",)
    one.start()


def test_verify_says_what_a_sound_store_holds(started, tmp_path):
    one, ctl = started
    leave_session(one)
    publish(one, "1", "2", "3")
    assert "in use by another process" in ctl.refused("store", "verify", data_dir(one))
    assert "there is no store in" in ctl.refused("store", "verify", f"--data-dir={tmp_path}")
    one.kill()
    verified = ctl.record("store", "verify", data_dir(one))
    assert verified["sound"] is True and verified["damage"] == []
    assert verified["sessions"] == 1 and verified["messages"] == 3
    assert "sound:" in ctl.text("store", "verify", data_dir(one))
    one.start()
    assert queued(one) == ["1", "2", "3"]


def test_the_store_is_shown_online_and_offline(started):
    one, ctl = started
    leave_session(one)
    publish(one, "x" * 1000, "y" * 1000)
    online = ctl.record("store", "info")
    assert online["last_lsn"] >= 4 and online["log_bytes"] > 2000
    assert online["memory"]["bodies"] == 2 and online["disk_low"] is False
    assert online["disk_free_bytes"] > 0 and online["store_bytes"] > 0
    assert "free on the disk:" in ctl.text("store", "info")
    one.kill()
    offline = ctl.record("store", "info", data_dir(one))
    assert offline["last_lsn"] == online["last_lsn"]
    assert set(offline["tables"]) >= {"sessions", "queue", "messages"}
    one.start()


def test_a_store_in_memory_has_nothing_to_show(daemon):
    one = daemon("--store.in_memory=true")
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    assert "store.in_memory is on" in ctl.refused("store", "info")
    assert "store.in_memory is on" in ctl.refused("backup", "create", "/nowhere")
