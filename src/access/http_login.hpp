// http_login: what is asked of auth.http_url about a login, and what its answer means:
//   {"username":…,"password":…,"clientid":…,"address":"192.0.2.7:50123","listener":"mqtt://…"}
//   200 {"result":"allow","user":…,"roles":[…]}     user and roles may be missing
//   200 {"result":"deny","reason":…}                reason may be missing; it is for the log
// Whatever else comes means that nobody could say whether the login is right.
// HttpLoginCache: answers that were given, under a keyed hash of the question, so that no password
// is kept. A yes is remembered as long as the settings say, a no shortly.
// Pure: the time and the key come in. Owned by one thread.
#pragma once

#include "access/access.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace tandemq {

std::string http_login_question(const RemoteLogin& login);  // JSON.
CheckResult parse_http_login_answer(const RemoteLogin& login, int status, std::string_view body);
// The same when there is no answer; `why` is a clause.
CheckResult no_http_login_answer(const std::string& why);

class HttpLoginCache {
 public:
  static constexpr std::size_t kEntriesMax = 10'000;
  static constexpr std::uint32_t kDenialMaxS = 5;

  // `keep_s` 0: nothing is remembered. The key is random.
  HttpLoginCache(std::string key, std::uint32_t keep_s);

  // Of everything but the port of the address: another one is another connection.
  [[nodiscard]] std::string key_of(const RemoteLogin& login) const;
  [[nodiscard]] const CheckResult* find(const std::string& key, Instant now);  // Null: ask.
  void put(const std::string& key, const CheckResult& result, Instant now);
  [[nodiscard]] std::size_t count() const { return entries_.size(); }

 private:
  struct Entry {
    CheckResult result;
    Instant until;
    std::list<std::string>::iterator place;
  };

  const std::string secret_;
  const std::uint32_t keep_s_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::list<std::string> by_age_;
};

}  // namespace tandemq
