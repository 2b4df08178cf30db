#include "transfer/mosquitto_conf.hpp"

#include "access/lines.hpp"
#include "base/ensure.hpp"
#include "config/listener_url.hpp"
#include "config/options.hpp"
#include "transfer/mosquitto_conf_options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace tandemq {
namespace {

using Scope = MosquittoOption::Scope;
using Value = MosquittoOption::Value;

// Of a PUBLISH, beside its payload: fixed header, topic, packet id and a few properties.
constexpr std::uint64_t kPublishHeaderSize = 5 + 65'537 + 2 + 456;

struct Given {
  std::string value;
  std::string place;  // "mosquitto.conf:12: "
};
using GivenOptions = std::map<std::string, Given, std::less<>>;

struct Listener {
  std::string port = "1883";
  std::string host;
  std::string place;
  GivenOptions options;
  std::vector<std::string> urls;  // Ours; none: it is left out.
};

std::pair<std::string_view, std::string_view> name_and_value(std::string_view line) {
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  return {line.substr(0, end), trimmed(line.substr(end))};
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "2m" and the like, in seconds.
std::optional<std::uint64_t> duration_of(std::string_view text) {
  constexpr std::uint64_t kDay = 86'400;
  static constexpr std::pair<char, std::uint64_t> kUnits[] = {
      {'h', 3600}, {'d', kDay}, {'w', kDay * 7}, {'m', kDay * 30}, {'y', kDay * 365}};
  if (text.empty()) return std::nullopt;
  const auto count = number_of(text.substr(0, text.size() - 1));
  const auto* unit = std::ranges::find(kUnits, text.back(), &std::pair<char, std::uint64_t>::first);
  if (!count || *count > UINT32_MAX || unit == std::end(kUnits)) return std::nullopt;
  return *count * unit->second;
}

const Given* find(const GivenOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? nullptr : &found->second;
}

bool is_true(const Given* given) {
  return given != nullptr && given->value == "true";
}

class Translator {
 public:
  void take(std::string_view name, std::string_view value, const std::string& place);
  void note(const std::string& text) { conf_.notes.push_back(text); }
  MosquittoConf finish();

 private:
  void take_listener(std::string_view value, const std::string& place);
  void take_log_type(std::string_view value, const std::string& place);
  void translate(Listener& listener);
  std::string refusal_of(const Listener& listener) const;
  void translate_listeners();
  void translate_anonymous();
  void translate_security(const MosquittoOption& option);
  void translate_of_listeners(const MosquittoOption& option);
  void translate_connections();
  void translate_sizes();
  void translate_persistence();
  void copy(const MosquittoOption& option, const Given& given);
  void set(std::string_view key, const std::string& value, const Given& given);
  void set_number(std::string_view key, std::uint64_t value, const Given& given);
  // The listeners that are served here.
  [[nodiscard]] std::vector<const Listener*> served() const;

  MosquittoConf conf_;
  GivenOptions everywhere_;
  std::vector<Listener> listeners_{1};  // The first is the default one.
  bool uses_default_ = false;
  std::map<std::string, std::string, std::less<>> settings_;
  std::size_t log_level_ = 0;  // Index in kLogLevels.
};

constexpr std::string_view kWebSockets = "websockets";

// From the least to the most that is written.
constexpr std::string_view kLogLevels[] = {"", "error", "warn", "info", "debug"};

void Translator::take(std::string_view name, std::string_view value, const std::string& place) {
  const std::string where = place + std::string(name) + ": ";
  if (name == "listener") return take_listener(value, where);
  if (name == "log_type") return take_log_type(value, where);
  const MosquittoOption* option = find_mosquitto_option(name);
  if (option == nullptr) return note(where + "Mosquitto 2.0 has no such option; it is left out.");
  if (!option->advice.empty()) note(where + std::string(option->advice));
  const Given given{std::string(value), where};
  if (option->scope == Scope::everywhere || option->scope == Scope::security)
    everywhere_.insert_or_assign(std::string(name), given);
  if (option->scope == Scope::listener || option->scope == Scope::security)
    listeners_.back().options.insert_or_assign(std::string(name), given);
  if (name != "port" && name != "bind_address") return;
  uses_default_ = true;
  Listener& first = listeners_.front();
  first.place = where;
  (name == "port" ? first.port : first.host) = value;
}

void Translator::take_listener(std::string_view value, const std::string& place) {
  Listener listener;
  listener.place = place;
  const auto [port, host] = name_and_value(value);
  listener.port = port;
  listener.host = host;
  listeners_.push_back(std::move(listener));
}

void Translator::take_log_type(std::string_view value, const std::string& place) {
  static constexpr std::pair<std::string_view, std::size_t> kTypes[] = {
      {"none", 1}, {"error", 1},     {"warning", 2},     {"notice", 3}, {"information", 3},
      {"all", 4},  {"subscribe", 4}, {"unsubscribe", 4}, {"debug", 4},  {"websockets", 3}};
  const auto* type =
      std::ranges::find(kTypes, value, &std::pair<std::string_view, std::size_t>::first);
  if (type == std::end(kTypes)) return note(place + "its value is not known; it is left out.");
  if (value == "none") note(place + "errors are always written.");
  log_level_ = std::max(log_level_, type->second);
}

std::vector<const Listener*> Translator::served() const {
  std::vector<const Listener*> out;
  for (const Listener& listener : listeners_)
    if (!listener.urls.empty()) out.push_back(&listener);
  return out;
}

void Translator::set(std::string_view key, const std::string& value, const Given& given) {
  const ConfigOption* option = find_option(key);
  ENSURE(option != nullptr, "the table of Mosquitto's options names keys that there are");
  Config scratch;
  const auto done = set_value(scratch, *option, value);
  if (!done) return note(given.place + "it is left out: " + done.error().text);
  if (value.find('#') != std::string::npos)
    return note(given.place +
                "it is left out, a '#' begins a comment here and no value holds one.");
  settings_.insert_or_assign(std::string(key), value);
}

void Translator::set_number(std::string_view key, std::uint64_t value, const Given& given) {
  const ConfigOption* option = find_option(key);
  ENSURE(option != nullptr, "the table of Mosquitto's options names keys that there are");
  const std::uint64_t allowed = std::clamp(value, option->range.min, option->range.max);
  if (allowed != value)
    note(given.place + std::string(key) + " is " + allowed_of(*option) + ", so it is " +
         std::to_string(allowed) + " and not " + std::to_string(value) + ".");
  set(key, std::to_string(allowed), given);
}

void Translator::copy(const MosquittoOption& option, const Given& given) {
  if (option.value != Value::number) return set(option.key, given.value, given);
  const auto number = number_of(given.value);
  if (!number) return note(given.place + "its value is not a number; it is left out.");
  set_number(option.key, *number == 0 && option.zero_means != 0 ? option.zero_means : *number,
             given);
}

// Empty if it can be served here. Whatever protects it there must not be gone here.
std::string Translator::refusal_of(const Listener& listener) const {
  const auto has = [&](std::string_view name) { return find(listener.options, name) != nullptr; };
  if (has("certfile") || has("keyfile") || has("psk_hint") ||
      is_true(find(listener.options, "require_certificate")))
    return "its TLS is not translated, and without it everybody could read along. Add it as "
           "mqtts://HOST:PORT?cert=FILE&key=FILE, see docs/SECURITY.md.";
  const Given* protocol = find(listener.options, "protocol");
  if (protocol != nullptr && protocol->value != "mqtt" && protocol->value != kWebSockets)
    return "of the protocols there are mqtt and websockets only.";
  const bool is_unix = listener.host.starts_with('/');
  if (is_unix && protocol != nullptr && protocol->value == kWebSockets)
    return "there is no WebSocket on a unix socket.";
  if (listener.port == "0" && !is_unix) return "port 0 is for a unix socket, and no path is given.";
  if (has("mount_point"))
    return "there is no mount_point, and without it these clients would see all topics. Give the "
           "users rights on their topics in the ACL file, then add the listener.";
  if (has("bind_interface") && listener.host.empty())
    return "a listener names an address and no interface. Add it with the address of the "
           "interface.";
  return {};
}

void Translator::translate(Listener& listener) {
  const std::string refusal = refusal_of(listener);
  if (!refusal.empty())
    return note(listener.place + "the listener on port " + listener.port +
                " is left out: " + refusal);
  std::vector<std::string> hosts = {listener.host};
  const Given* domain = find(listener.options, "socket_domain");
  const Given* protocol = find(listener.options, "protocol");
  if (listener.host.empty()) {
    hosts = {"0.0.0.0", "::"};
    if (domain != nullptr) hosts = {domain->value == "ipv6" ? "::" : "0.0.0.0"};
  }
  for (const std::string& host : hosts) {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    // There every path is taken.
    const bool websocket = protocol != nullptr && protocol->value == kWebSockets;
    const std::string url = host.starts_with('/') ? "unix://" + host
                                                  : (websocket ? "ws://" : "mqtt://") +
                                                        (is_ipv6 ? "[" + host + "]" : host) + ":" +
                                                        listener.port + (websocket ? "/*" : "");
    if (const auto parsed = parse_listener_url(url); !parsed) {
      note(listener.place + "it is left out: " + parsed.error().text + ".");
    } else {
      listener.urls.push_back(url);
    }
  }
}

void Translator::translate_listeners() {
  const bool only_local = listeners_.size() == 1 && !uses_default_;
  if (only_local) listeners_.front().host = "127.0.0.1";
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    if (i > 0 || uses_default_ || only_local) translate(listeners_[i]);
  std::set<std::string> seen;
  for (const Listener* listener : served())
    for (const std::string& url : listener->urls)
      if (seen.insert(url).second) conf_.lines.push_back("listener = " + url);
  if (conf_.lines.empty())
    note("No listener could be brought over; without one tandemqd listens on " +
         std::string(kDefaultListener) + ".");
}

// Who has said nothing may not: Mosquitto 2.0 allows it only without any listener, on loopback
// addresses, and so does our default.
void Translator::translate_anonymous() {
  const bool per_listener = is_true(find(everywhere_, "per_listener_settings"));
  if (!per_listener) {
    const Given* given = find(everywhere_, "allow_anonymous");
    if (given != nullptr) return set("auth.anonymous", given->value, *given);
    if (listeners_.size() > 1 || uses_default_) settings_["auth.anonymous"] = "false";
    return;
  }
  std::size_t allowed = 0;
  bool as_loopback = true;  // Allowed exactly where the address is of a loopback.
  for (const Listener* listener : served()) {
    const bool allows = is_true(find(listener->options, "allow_anonymous"));
    allowed += allows ? 1 : 0;
    as_loopback =
        as_loopback && allows == (is_loopback(listener->host) || listener->host.starts_with('/'));
  }
  const bool all = allowed > 0 && allowed == served().size();
  settings_["auth.anonymous"] = all ? "true" : allowed > 0 && as_loopback ? "loopback" : "false";
  if (!all && allowed > 0 && !as_loopback)
    note(
        "per_listener_settings: whether clients need a user name cannot differ from listener to "
        "listener, but between loopback addresses and others (auth.anonymous = loopback). Now all "
        "need one.");
}

// What applies to one listener there applies to all here. If they differ, the first that has a
// value decides: a listener without a list of rights is better bound by those of another than free.
void Translator::translate_security(const MosquittoOption& option) {
  if (!is_true(find(everywhere_, "per_listener_settings"))) {
    if (const Given* given = find(everywhere_, option.name)) copy(option, *given);
    return;
  }
  const Given* first = nullptr;
  std::set<std::string> values;
  for (const Listener* listener : served()) {
    const Given* given = find(listener->options, option.name);
    values.insert(given == nullptr ? std::string() : given->value);
    if (first == nullptr) first = given;
  }
  if (first == nullptr) return;
  copy(option, *first);
  if (values.size() > 1)
    note(first->place + "it differs from listener to listener, here it is one for all: " +
         std::string(option.key) + " has this value now, see whether it fits the others.");
}

void Translator::translate_of_listeners(const MosquittoOption& option) {
  std::set<std::string> values;
  const Given* last = nullptr;
  for (const Listener* listener : served()) {
    const Given* given = find(listener->options, option.name);
    values.insert(given == nullptr ? std::string() : given->value);
    if (given != nullptr) last = given;
  }
  if (last == nullptr) return;
  if (values.size() == 1) return copy(option, *last);
  note(last->place + "it differs from listener to listener, here it is one for all; set " +
       std::string(option.key) + ".");
}

void Translator::translate_connections() {
  constexpr std::string_view kKey = "limits.max_connections";
  std::uint64_t sum = 0;
  std::size_t limited = 0;
  const Given* last = nullptr;
  for (const Listener* listener : served()) {
    const Given* given = find(listener->options, "max_connections");
    if (given == nullptr) continue;
    last = given;
    const auto number = number_of(given->value);
    if (!number) continue;  // -1: no limit.
    sum += std::min<std::uint64_t>(*number, UINT32_MAX);
    ++limited;
  }
  if (last == nullptr) return;
  if (limited < served().size())
    return note(last->place +
                "not each listener has a limit; limits.max_connections is one for all, " +
                default_of(*find_option(kKey)) + " unless you set it.");
  if (limited > 1)
    note(last->place + "limits.max_connections is one for all, the sum of all listeners.");
  set_number(kKey, sum, *last);
}

void Translator::translate_sizes() {
  constexpr std::string_view kKey = "limits.max_packet_size";
  const Given* packet = find(everywhere_, "max_packet_size");
  const Given* payload = find(everywhere_, "message_size_limit");
  const auto limit = payload == nullptr ? std::nullopt : number_of(payload->value);
  if (limit && *limit > 0) {
    const std::uint64_t size = std::min<std::uint64_t>(*limit, UINT32_MAX) + kPublishHeaderSize;
    const auto before = settings_.find(kKey);
    if (before == settings_.end() || number_of(before->second).value_or(0) > size)
      set_number(kKey, size, *payload);
    note(payload->place +
         "limits.max_packet_size stands for it, with room for topic and properties; a client that "
         "sends more is disconnected.");
  } else if (packet == nullptr) {
    note(
        "Mosquitto takes packets of any size unless it is told otherwise; here a client that "
        "sends more than " +
        default_of(*find_option(kKey)) + " bytes is disconnected, see limits.max_packet_size.");
  }
}

void Translator::translate_persistence() {
  const Given* given = find(everywhere_, "persistence");
  if (given != nullptr && given->value == "false")
    note(given->place +
         "sessions and retained messages are kept on the disk, in data.dir; store.in_memory = true "
         "would keep nothing.");
  if (!is_true(given)) return;
  const Given* folder = find(everywhere_, "persistence_location");
  const Given* file = find(everywhere_, "persistence_file");
  conf_.database = folder == nullptr ? std::string() : folder->value;
  if (!conf_.database.empty() && !conf_.database.ends_with('/')) conf_.database += '/';
  conf_.database += file == nullptr ? std::string("mosquitto.db") : file->value;
}

MosquittoConf Translator::finish() {
  translate_listeners();
  translate_anonymous();
  for (const MosquittoOption& option : mosquitto_options()) {
    if (option.key.empty()) continue;
    if (option.scope == Scope::security) translate_security(option);
    if (option.scope == Scope::listener) translate_of_listeners(option);
    const Given* given = find(everywhere_, option.name);
    if (option.scope == Scope::everywhere && given != nullptr) copy(option, *given);
  }
  translate_connections();
  translate_sizes();
  translate_persistence();
  if (log_level_ > 0) settings_["log.level"] = kLogLevels[log_level_];
  if (const Given* given = find(everywhere_, "persistent_client_expiration")) {
    if (const auto seconds = duration_of(given->value)) {
      set_number("limits.session_expiry_max_s", *seconds, *given);
    } else {
      note(given->place + "its value is not a number with one of h, d, w, m, y; it is left out.");
    }
  }
  for (const ConfigOption& option : config_options())
    if (const auto found = settings_.find(option.key); found != settings_.end())
      conf_.lines.push_back(found->first + " = " + found->second);
  note(
      "When a queue is full, Mosquitto drops what comes and tells nobody; here the publisher is "
      "told or waits. See limits.queue_full, drop_newest comes closest to it.");
  return std::move(conf_);
}

void take_text(Translator& translator, const MosquittoText& text,
               const std::vector<MosquittoText>& texts) {
  for (LinesView lines(text.text); lines.next();) {
    const auto [name, value] = name_and_value(lines.line());
    const std::string place = text.name + ":" + std::to_string(lines.number()) + ": ";
    if (name != "include_dir") {
      translator.take(name, value, place);
      continue;
    }
    bool found = false;
    for (const MosquittoText& included : texts) {
      // Only the main file includes.
      if (!text.folder.empty() || included.folder != value || value.empty()) continue;
      take_text(translator, included, texts);
      found = true;
    }
    if (!found) translator.note(place + "include_dir: no file was read from it.");
  }
}

}  // namespace

std::vector<std::string> included_folders(std::string_view main_text) {
  std::vector<std::string> folders;
  for (LinesView lines(main_text); lines.next();) {
    const auto [name, value] = name_and_value(lines.line());
    if (name == "include_dir") folders.emplace_back(value);
  }
  return folders;
}

MosquittoConf translate_mosquitto_conf(const std::vector<MosquittoText>& texts) {
  Translator translator;
  if (!texts.empty()) take_text(translator, texts.front(), texts);
  return translator.finish();
}

}  // namespace tandemq
