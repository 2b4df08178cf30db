// Input: a password file, then a line "---", then messages of a SCRAM client, one a line. What the
// file says is looked up again; the messages go into an exchange, which ends once and names a user
// only when it is won.
#include "access/lines.hpp"
#include "access/password_file.hpp"
#include "access/scram.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace tandemq;
using Kind = ScramServer::Reply::Kind;

constexpr std::string_view kDivider = "\n---\n";
constexpr std::uint32_t kCheapIterations = 200;  // More would only slow the fuzzer down.
constexpr std::uint32_t kCheapBlocks = 64;

using FirstOfKind = std::map<PasswordKind, const PasswordEntry*>;

void check_entry(const PasswordFile& file, std::string_view user, FirstOfKind& first_of_kind) {
  const PasswordEntry* entry = file.find(user);
  ENSURE(entry != nullptr && entry->user == user, "a parsed user is found");
  const PasswordEntry* first = first_of_kind.try_emplace(entry->kind, entry).first->second;
  const PasswordEntry decoy = file.decoy(user, entry->kind);
  ENSURE(decoy.hash.size() == first->hash.size(), "a decoy looks like the first of its kind");
  ENSURE(decoy.hash != entry->hash, "a decoy is not an entry");
  const bool is_argon2 = entry->kind == PasswordKind::argon2id;
  const bool is_cheap = is_argon2 ? entry->cost.memory_kib * entry->cost.passes <= kCheapBlocks
                                  : entry->iterations <= kCheapIterations;
  if (is_cheap) (void)verify(*entry, "password");
}

void check_file(const PasswordFile& file, std::string_view text) {
  LinesView lines(text);
  std::size_t count = 0;
  FirstOfKind first_of_kind;
  for (; lines.next(); ++count)
    check_entry(file, lines.line().substr(0, lines.line().find(':')), first_of_kind);
  ENSURE(count == file.count(), "each line is a user");
}

void check_exchange(const PasswordFile& file, std::string_view messages) {
  ScramServer server("a-nonce-of-the-server");
  bool is_over = false;
  while (!messages.empty()) {
    const std::size_t size = std::min(messages.find('\n'), messages.size());
    const auto reply = server.step(file, messages.substr(0, size));
    messages.remove_prefix(std::min(size + 1, messages.size()));
    ENSURE(!is_over || reply.kind == Kind::failure, "nothing follows the end of an exchange");
    ENSURE((reply.kind == Kind::success) == !reply.user.empty(), "only success names a user");
    ENSURE(!reply.data.empty(), "each reply says something");
    is_over = reply.kind != Kind::challenge;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t divider = std::min(text.find(kDivider), text.size());
  const std::string_view file_text = text.substr(0, divider);
  const auto file = PasswordFile::parse(file_text);
  if (file)
    check_file(*file, file_text);
  else
    ENSURE(file.error().text.find("line ") != std::string::npos, "an error names its line");
  const auto decoded = decode_base64(file_text);
  ENSURE(!decoded || encode_base64(*decoded) == file_text, "base64 has one form");
  if (divider < text.size())
    check_exchange(file.value_or(PasswordFile()), text.substr(divider + kDivider.size()));
  return 0;
}
