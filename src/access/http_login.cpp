#include "access/http_login.hpp"

#include "access/digest.hpp"
#include "access/lines.hpp"
#include "access/role_list.hpp"
#include "access/strict_json.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tandemq {
namespace {

constexpr int kOk = 200;

}  // namespace

std::string http_login_question(const RemoteLogin& login) {
  const nlohmann::ordered_json question = {{"username", login.user_name},
                                           {"password", login.password},
                                           {"clientid", login.client_id},
                                           {"address", login.address},
                                           {"listener", login.listener}};
  return question.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

CheckResult no_http_login_answer(const std::string& why) {
  CheckResult result;
  result.unavailable = true;
  result.reason = "auth.http_url: " + why;
  return result;
}

CheckResult parse_http_login_answer(const RemoteLogin& login, int status, std::string_view body) {
  if (status != kOk) return no_http_login_answer("it answers " + std::to_string(status));
  const auto answer = parse_strict_object(body);
  if (!answer) return no_http_login_answer("its answer cannot be used: " + answer.error().text);
  const std::string* word = text_member(*answer, "result");
  CheckResult result;
  if (word != nullptr && *word == "deny") {
    const std::string* why = text_member(*answer, "reason");
    result.reason = "auth.http_url denies it";
    if (why != nullptr) result.reason += ": " + tandemq::quoted(*why);
    return result;
  }
  if (word == nullptr || *word != "allow")
    return no_http_login_answer("result in its answer is neither allow nor deny");
  result.user = login.user_name;
  if (answer->contains("user")) {
    const std::string* user = text_member(*answer, "user");
    if (user == nullptr || user->empty() || !is_mqtt_utf8(*user))
      return no_http_login_answer("user in its answer is no user name");
    result.user = *user;
  }
  if (const auto roles = answer->find("roles"); roles != answer->end()) {
    auto names = parse_role_list(*roles);
    if (!names) return no_http_login_answer("roles in its answer " + names.error().text);
    result.roles = std::move(*names);
  }
  result.granted = true;
  return result;
}

HttpLoginCache::HttpLoginCache(std::string key, std::uint32_t keep_s)
    : secret_(std::move(key)), keep_s_(keep_s) {}

std::string HttpLoginCache::key_of(const RemoteLogin& login) const {
  HmacSha256 hash(secret_);
  // Each with its size before it, so that nothing moves from one to the next.
  for (const std::string& part :
       {login.user_name, login.password, login.client_id,
        login.address.substr(0, login.address.rfind(':')), login.listener}) {
    hash.add(std::to_string(part.size()) + ":");
    hash.add(part);
  }
  const auto digest = hash.finish();
  return {digest.begin(), digest.end()};
}

const CheckResult* HttpLoginCache::find(const std::string& key, Instant now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  if (now < found->second.until) return &found->second.result;
  by_age_.erase(found->second.place);
  entries_.erase(found);
  return nullptr;
}

void HttpLoginCache::put(const std::string& key, const CheckResult& result, Instant now) {
  if (keep_s_ == 0 || result.unavailable) return;
  const std::uint32_t keep_s = result.granted ? keep_s_ : std::min(keep_s_, kDenialMaxS);
  if (const auto old = entries_.find(key); old != entries_.end()) {
    by_age_.erase(old->second.place);
    entries_.erase(old);
  } else if (entries_.size() >= kEntriesMax) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
  by_age_.push_back(key);
  entries_.emplace(key, Entry{result, now.plus_s(keep_s), std::prev(by_age_.end())});
}

}  // namespace tandemq
