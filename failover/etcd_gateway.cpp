#include "failover/etcd_gateway.hpp"

#include "base/base64.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

namespace tandemq {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = tl::expected<WitnessOutcome, EtcdRefusal>;
using Answer = tl::expected<Json, EtcdRefusal>;

constexpr int kOk = 200;
constexpr int kUnauthorised = 401;
constexpr std::size_t kReasonMax = 200;  // Bytes of what a server says is wrong.

tl::unexpected<EtcdRefusal> refusal(std::string why, bool needs_token = false) {
  return tl::unexpected<EtcdRefusal>(EtcdRefusal{std::move(why), needs_token});
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Null if there is none of that type.
const Json* find(const Json& object, const char* name, Json::value_t type) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found != object.end() && found->type() == type ? &*found : nullptr;
}

std::string string_in(const Json& object, const char* name) {
  const Json* field = find(object, name, Json::value_t::string);
  return field == nullptr ? std::string() : field->get<std::string>();
}

// 0 is no revision.
std::uint64_t revision_in(const Json& object, const char* name) {
  const std::string text = string_in(object, name);
  std::uint64_t revision = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, revision);
  return parsed.ec == std::errc() && parsed.ptr == end ? revision : 0;
}

// What the server says is wrong, fit for a log.
std::string reason_in(const Json& json, const std::string& body) {
  std::string reason = string_in(json, "message");
  if (reason.empty()) reason = string_in(json, "error");
  if (reason.empty()) reason = body;
  reason.resize(std::min(reason.size(), kReasonMax));
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
  return reason;
}

// The object of an answer that etcd has given.
Answer parse_answer(const HttpAnswer& answer) {
  Json json = Json::parse(answer.body, nullptr, false);
  if (answer.status != kOk) {
    const std::string reason = reason_in(json, answer.body);
    // A token is also refused when users or rights have changed since it was given.
    const bool token = answer.status == kUnauthorised ||
                       reason.find("revision of auth store is old") != std::string::npos;
    return refusal("HTTP " + std::to_string(answer.status) + ": " + reason, token);
  }
  const Json* header = find(json, "header", Json::value_t::object);
  if (header == nullptr || revision_in(*header, "revision") == 0)
    return refusal("it answers, but not as etcd does");
  return json;
}

constexpr const char* kNotUnderstood = "its answer is not as etcd's are";

// Of a range of one key: nothing, or that key.
Outcome parse_range(const Json& json, const std::string& key, bool conflict) {
  WitnessEntry entry;
  if (json.contains("kvs")) {
    const Json* kvs = find(json, "kvs", Json::value_t::array);
    if (kvs == nullptr || kvs->size() > 1) return refusal(kNotUnderstood);
    if (!kvs->empty()) {
      const Json& kv = kvs->front();
      entry.revision = revision_in(kv, "mod_revision");
      const auto value = decode_base64(string_in(kv, "value"));
      if (entry.revision == 0 || !value || decode_base64(string_in(kv, "key")) != key)
        return refusal(kNotUnderstood);
      Result<WitnessRecord> record = parse_witness_record(*value);
      if (!record) return WitnessUnknown{record.error().text, entry.revision};
      entry.record = std::move(*record);
    }
  }
  if (conflict) return WitnessConflict{std::move(entry)};
  return WitnessDone{std::move(entry)};
}

}  // namespace

std::string witness_key(const std::string& cluster) {
  return "/tandemq/" + cluster;
}

EtcdRequest read_request(const std::string& key) {
  return {"/v3/kv/range", text_of({{"key", encode_base64(key)}})};
}

EtcdRequest swap_request(const std::string& key, std::uint64_t expected_revision,
                         const WitnessRecord& record) {
  const std::string name = encode_base64(key);
  const Json compare = {{"key", name},
                        {"target", "MOD"},
                        {"result", "EQUAL"},
                        {"mod_revision", std::to_string(expected_revision)}};
  const Json put = {{"key", name}, {"value", encode_base64(witness_text(record))}};
  const Json range = {{"key", name}};
  return {"/v3/kv/txn", text_of({{"compare", Json::array({compare})},
                                 {"success", Json::array({Json{{"request_put", put}}})},
                                 {"failure", Json::array({Json{{"request_range", range}}})}})};
}

EtcdRequest authenticate_request(const std::string& user, const std::string& password) {
  return {"/v3/auth/authenticate", text_of({{"name", user}, {"password", password}})};
}

std::string http_text(const EtcdRequest& request, const std::string& host,
                      const std::string& token) {
  std::string text = "POST " + request.path + " HTTP/1.1\r\nHost: " + host +
                     "\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(request.body.size()) + "\r\n";
  if (!token.empty()) text += "Authorization: " + token + "\r\n";
  return text + "\r\n" + request.body;
}

Outcome parse_read(const HttpAnswer& answer, const std::string& key) {
  const Answer json = parse_answer(answer);
  if (!json) return tl::unexpected(json.error());
  return parse_range(*json, key, false);
}

Outcome parse_swap(const HttpAnswer& answer, const std::string& key, const WitnessRecord& record) {
  const Answer json = parse_answer(answer);
  if (!json) return tl::unexpected(json.error());
  const Json* responses = find(*json, "responses", Json::value_t::array);
  if (responses == nullptr || responses->size() != 1) return refusal(kNotUnderstood);
  const Json& response = responses->front();
  const Json* succeeded = find(*json, "succeeded", Json::value_t::boolean);
  if (succeeded != nullptr && succeeded->get<bool>()) {
    if (find(response, "response_put", Json::value_t::object) == nullptr)
      return refusal(kNotUnderstood);
    return WitnessDone{{record, revision_in((*json)["header"], "revision")}};
  }
  const Json* range = find(response, "response_range", Json::value_t::object);
  if (range == nullptr) return refusal(kNotUnderstood);
  return parse_range(*range, key, true);
}

tl::expected<std::string, EtcdRefusal> parse_token(const HttpAnswer& answer) {
  const Answer json = parse_answer(answer);
  if (!json) return tl::unexpected(json.error());
  const std::string token = string_in(*json, "token");
  const bool plain =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (token.empty() || !plain) return refusal("it gives no token");  // It becomes a header.
  return token;
}

}  // namespace tandemq
