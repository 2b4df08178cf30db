#include "transfer/mosquitto_conf.hpp"

#include "config/load.hpp"
#include "transfer/mosquitto_conf_options.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

using Lines = std::vector<std::string>;

MosquittoConf translated(const std::string& text) {
  return translate_mosquitto_conf({{"m.conf", text, ""}});
}

// What it comes to in the end; the lines are accepted.
Config config_of(const MosquittoConf& conf) {
  std::string text;
  for (const std::string& line : conf.lines) text += line + "\n";
  const LoadedConfig loaded = make_config(parse_config_text(text, "translated"), {});
  CHECK_MESSAGE(!any_error(loaded.findings), report_of(loaded.findings));
  return loaded.config;
}

Config config_of(const std::string& text) {
  return config_of(translated(text));
}

Lines urls_of(const std::string& text) {
  Lines urls;
  for (const ListenerConfig& listener : config_of(text).listeners) urls.push_back(listener.url);
  return urls;
}

bool has_note(const MosquittoConf& conf, std::string_view begin, std::string_view part) {
  return std::ranges::any_of(conf.notes, [&](const std::string& note) {
    return note.starts_with(begin) && note.find(part) != std::string::npos;
  });
}

bool sets(const MosquittoConf& conf, std::string_view key) {
  return std::ranges::any_of(conf.lines,
                             [&](const std::string& line) { return line.starts_with(key); });
}

}  // namespace

TEST_CASE("a file as a distribution ships it is translated whole") {
  const MosquittoConf conf = translate_mosquitto_conf(
      {{"m.conf",
        "# comment\n\npid_file /run/mosquitto/mosquitto.pid\n\npersistence true\n"
        "persistence_location /var/lib/mosquitto/\n\nlog_dest file /var/log/mosquitto.log\n\n"
        "include_dir /etc/mosquitto/conf.d\n",
        ""},
       {"a.conf", "listener 1884 127.0.0.1\nallow_anonymous true\n", "/etc/mosquitto/conf.d"},
       {"b.conf", "password_file /etc/mosquitto/passwd\r\n", "/etc/mosquitto/conf.d"},
       {"c.conf", "max_keepalive 60\n", "/elsewhere"}});
  CHECK(conf.lines == Lines{"listener = mqtt://127.0.0.1:1884", "auth.anonymous = true",
                            "auth.password_file = /etc/mosquitto/passwd"});
  CHECK(conf.database == "/var/lib/mosquitto/mosquitto.db");
  CHECK(has_note(conf, "m.conf:3: pid_file: ", "not needed"));
  CHECK(has_note(conf, "m.conf:8: log_dest: ", "journal"));
  CHECK(included_folders("include_dir /a b\n include_dir  c\nuser x\n") == Lines{"/a b", "c"});
  CHECK(has_note(translated("include_dir none\n"), "m.conf:1: include_dir", "no file was read"));
}

TEST_CASE("numbers, flags and paths reach their keys") {
  const Config config = config_of(
      "max_inflight_messages 7\nmax_keepalive 120\nmax_queued_messages 50\n"
      "max_queued_bytes 4000000\nmax_packet_size 5000\nqueue_qos0_messages true\n"
      "retain_available false\nsys_interval 0\nallow_zero_length_clientid false\n"
      "acl_file /a/acl\npersistent_client_expiration 2d\n");
  CHECK(config.limits.max_inflight == 7);
  CHECK(config.limits.max_keepalive_s == 120);
  CHECK(config.limits.max_queued_messages == 50);
  CHECK(config.limits.max_queued_bytes == 4'000'000);
  CHECK(config.limits.max_packet_size == 5'000);
  CHECK(config.mqtt.queue_qos0);
  CHECK_FALSE(config.mqtt.retain_available);
  CHECK(config.mqtt.sys_interval_s == 0);
  CHECK_FALSE(config.mqtt.allow_empty_client_id);
  CHECK(config.auth.acl_file == "/a/acl");
  CHECK(config.limits.session_expiry_max_s == 172'800);
}

TEST_CASE("a limit of 0 is no limit, and a value that is not allowed here is brought near") {
  const MosquittoConf conf = translated(
      "max_inflight_messages 0\nmax_queued_messages 0\nmax_queued_bytes 100\nsys_interval x\n"
      "max_packet_size 0\nretain_available perhaps\nacl_file a#b\n");
  const Config config = config_of(conf);
  CHECK(config.limits.max_inflight == 65'535);
  CHECK(config.limits.max_queued_messages == 0xFFFFFFFF);
  CHECK(config.limits.max_queued_bytes == 1024);
  CHECK(config.limits.max_packet_size == 268'435'460);
  CHECK(has_note(conf, "m.conf:3: max_queued_bytes", "is 1024 and not 100"));
  CHECK(has_note(conf, "m.conf:4: sys_interval", "not a number"));
  CHECK(has_note(conf, "m.conf:6: retain_available", "left out"));
  CHECK(has_note(conf, "m.conf:7: acl_file", "'#'"));
}

TEST_CASE("listeners keep their addresses") {
  CHECK(urls_of("") == Lines{"mqtt://127.0.0.1:1883"});
  CHECK(urls_of("listener 1883\n") == Lines{"mqtt://0.0.0.0:1883", "mqtt://[::]:1883"});
  CHECK(urls_of("listener 1883\nsocket_domain ipv4\n") == Lines{"mqtt://0.0.0.0:1883"});
  CHECK(urls_of("listener 1883\nsocket_domain ipv6\n") == Lines{"mqtt://[::]:1883"});
  CHECK(urls_of("listener 1884 ::1\nlistener 1885 broker.example\n") ==
        Lines{"mqtt://[::1]:1884", "mqtt://broker.example:1885"});
  CHECK(urls_of("port 1999\nbind_address 10.0.0.1\nlistener 1 10.0.0.2\n") ==
        Lines{"mqtt://10.0.0.1:1999", "mqtt://10.0.0.2:1"});
  CHECK(urls_of("listener 9001\nprotocol websockets\nlistener 1883 ::1\nprotocol mqtt\n") ==
        Lines{"ws://0.0.0.0:9001/*", "ws://[::]:9001/*", "mqtt://[::1]:1883"});
  CHECK(urls_of("listener 0 /run/m.sock\n") == Lines{"unix:///run/m.sock"});
  CHECK(has_note(translated("listener 99999 10.0.0.1\n"), "m.conf:1: listener", "left out"));
}

TEST_CASE("a listener is left out if what protects it is not there") {
  for (const char* options :
       {"protocol http_api\n", "protocol websockets\ncertfile c\nkeyfile k\n",
        "certfile c\nkeyfile k\n", "psk_hint h\n", "require_certificate true\n",
        "mount_point kitchen/\n", "bind_interface eth1\n"}) {
    const MosquittoConf conf =
        translated("listener 1883 127.0.0.1\nlistener 8883\n" + std::string(options));
    CHECK(conf.lines.at(0) == "listener = mqtt://127.0.0.1:1883");
    CHECK_FALSE(conf.lines.at(1).starts_with("listener"));
    CHECK(has_note(conf, "m.conf:2: listener", "the listener on port 8883 is left out"));
  }
  const MosquittoConf none = translated("listener 0\n");
  CHECK_FALSE(sets(none, "listener"));
  CHECK(has_note(none, "No listener could be brought over", "mqtt://127.0.0.1:1883"));
}

TEST_CASE("clients without a user name are allowed where Mosquitto 2.0 allows them") {
  CHECK(config_of("").auth.anonymous == "loopback");
  CHECK(config_of("listener 1883\n").auth.anonymous == "false");
  CHECK(config_of("port 1883\n").auth.anonymous == "false");
  CHECK(config_of("allow_anonymous false\n").auth.anonymous == "false");
  CHECK(config_of("listener 1883\nallow_anonymous true\n").auth.anonymous == "true");

  const std::string each = "per_listener_settings true\n";
  const std::string inside = "listener 1 127.0.0.1\nallow_anonymous true\n";
  CHECK(config_of(each + inside).auth.anonymous == "true");
  CHECK(config_of(each + inside + "listener 2 10.0.0.1\n").auth.anonymous == "loopback");
  const MosquittoConf mixed =
      translated(each + inside + "listener 2 10.0.0.1\nallow_anonymous true\nlistener 3\n");
  CHECK(config_of(mixed).auth.anonymous == "false");
  CHECK(has_note(mixed, "per_listener_settings", "Now all need one"));
  CHECK(config_of(each + "listener 2\nprotocol http_api\nallow_anonymous true\n").auth.anonymous ==
        "false");
}

TEST_CASE("rights of one listener bind all rather than none") {
  const std::string each = "per_listener_settings true\n";
  const MosquittoConf conf = translated(each +
                                        "listener 1 127.0.0.1\npassword_file p\n"
                                        "listener 2 127.0.0.1\npassword_file p\nacl_file a\n");
  CHECK(config_of(conf).auth.password_file == "p");
  CHECK(config_of(conf).auth.acl_file == "a");
  CHECK(has_note(conf, "m.conf:6: acl_file", "differs from listener to listener"));
  CHECK_FALSE(has_note(conf, "m.conf:3: password_file", "differs"));
  CHECK(config_of("listener 1\nacl_file a\nlistener 2\nacl_file b\n").auth.acl_file == "b");
}

TEST_CASE("limits of listeners become one for all where that is possible") {
  CHECK(config_of("listener 1\nmax_connections 10\nmax_qos 1\n").limits.max_connections == 10);
  CHECK(config_of("listener 1\nmax_connections 10\nmax_qos 1\n").mqtt.max_qos == 1);
  CHECK(config_of("max_topic_alias 0\n").limits.topic_alias_max == 0);
  const MosquittoConf two = translated(
      "listener 1\nmax_connections 10\nmax_qos 1\nlistener 2\nmax_connections 20\nmax_qos 2\n");
  CHECK(config_of(two).limits.max_connections == 30);
  CHECK(has_note(two, "m.conf:5: max_connections", "the sum"));
  CHECK(has_note(two, "m.conf:6: max_qos", "differs"));
  CHECK_FALSE(sets(two, "mqtt.max_qos"));
  const MosquittoConf open = translated("listener 1\nmax_connections -1\n");
  CHECK_FALSE(sets(open, "limits.max_connections"));
  CHECK(has_note(open, "m.conf:2: max_connections", "100000 unless you set it"));
}

TEST_CASE("the least limit of a message holds") {
  CHECK(config_of("message_size_limit 1000\n").limits.max_packet_size == 67'000);
  CHECK(config_of("message_size_limit 1000\nmax_packet_size 500\n").limits.max_packet_size == 500);
  CHECK(config_of("message_size_limit 10\nmax_packet_size 900000\n").limits.max_packet_size ==
        66'010);
  CHECK(has_note(translated("message_size_limit 9\n"), "m.conf:1: message_size_limit",
                 "limits.max_packet_size"));
  CHECK(has_note(translated(""), "Mosquitto takes packets of any size", "2000000"));
  CHECK_FALSE(has_note(translated("max_packet_size 9\n"), "Mosquitto takes packets", ""));
}

TEST_CASE("the log is written as far as any of the types asks") {
  CHECK(config_of("log_type error\n").log_level == "error");
  CHECK(config_of("log_type error\nlog_type notice\nlog_type warning\n").log_level == "info");
  CHECK(config_of("log_type all\n").log_level == "debug");
  CHECK_FALSE(sets(translated(""), "log.level"));
  CHECK(has_note(translated("log_type none\n"), "m.conf:1: log_type", "errors"));
  CHECK(has_note(translated("log_type loud\n"), "m.conf:1: log_type", "not known"));
}

TEST_CASE("the database is found where Mosquitto keeps it") {
  CHECK(translated("").database.empty());
  CHECK(translated("persistence false\npersistence_location /a\n").database.empty());
  CHECK(has_note(translated("persistence false\n"), "m.conf:1: persistence", "store.in_memory"));
  CHECK(translated("persistence true\n").database == "mosquitto.db");
  CHECK(translated("persistence true\npersistence_location /a\npersistence_file b.db\n").database ==
        "/a/b.db");
}

TEST_CASE("a bridge and a plugin are told once, their options and secrets are not") {
  const MosquittoConf conf = translated(
      "connection office\naddress 10.0.0.1\ntopic # both\nremote_password hush\nbridge_psk hush\n"
      "plugin /usr/lib/x.so\nplugin_opt_key hush\nauth_opt_key hush\n");
  CHECK(has_note(conf, "m.conf:1: connection", "no bridges"));
  CHECK(has_note(conf, "m.conf:6: plugin", "no plugins"));
  CHECK(conf.notes.size() == 4);  // And the two that are always there.
  for (const std::string& note : conf.notes) CHECK(note.find("hush") == std::string::npos);
}

TEST_CASE("no option goes unseen") {
  CHECK(has_note(translated("colour red\n"), "m.conf:1: colour", "no such option"));
  CHECK(
      has_note(translated("persistent_client_expiration 5\n"), "m.conf:1: persistent_client", ""));
  const std::size_t usual = translated("").notes.size();
  for (const MosquittoOption& option : mosquitto_options()) {
    if (option.advice.empty()) continue;
    const std::string text = std::string(option.name) + " 1\n";
    CHECK_MESSAGE(translated(text).notes.size() > usual, text);
    CHECK(option.advice.ends_with('.'));
    CHECK(find_mosquitto_option(option.name) == &option);
  }
}
