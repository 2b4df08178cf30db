#include "access/password_file.hpp"

#include "access/digest.hpp"
#include "access/lines.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

constexpr std::string_view kScramMark = "scram-sha-256";
constexpr std::string_view kArgon2Mark = "argon2id";
constexpr std::size_t kArgon2SaltMin = 8;
constexpr std::size_t kArgon2HashMin = 16;
constexpr std::size_t kArgon2HashMax = 64;
constexpr std::size_t kArgon2HashSize = 32;  // Of new ones.
constexpr std::size_t kUsualSaltSize = 16;

// "$a$b$c" is a, b, c; nothing without the first '$'.
std::vector<std::string_view> split_fields(std::string_view text) {
  std::vector<std::string_view> fields;
  while (!text.empty() && text.front() == '$') {
    text.remove_prefix(1);
    const std::size_t size = std::min(text.find('$'), text.size());
    fields.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return fields;
}

Result<std::uint32_t> parse_iterations(std::string_view text, std::uint32_t least) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < least || value > kPasswordIterationsMax)
    return failure("the iterations are " + quoted(text) + ", allowed are " + std::to_string(least) +
                   " to " + std::to_string(kPasswordIterationsMax));
  return value;
}

Result<std::string> parse_bytes(std::string_view text, std::string_view name, std::size_t size_min,
                                std::size_t size_max) {
  auto bytes = decode_base64(text);
  if (!bytes) return failure("the " + std::string(name) + " is not base64");
  if (bytes->size() < size_min || bytes->size() > size_max)
    return failure("the " + std::string(name) + " has " + std::to_string(bytes->size()) +
                   " bytes, allowed are " + std::to_string(size_min) + " to " +
                   std::to_string(size_max));
  return *std::move(bytes);
}

std::string padded(std::string_view base64) {
  return std::string(base64).append((4 - base64.size() % 4) % 4, '=');
}

Result<PasswordEntry> parse_argon2id(std::string_view user,
                                     const std::vector<std::string_view>& fields) {
  if (fields.size() != 5 || fields[1] != kArgon2Version)
    return failure("a hash of Argon2id is $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH");
  const auto cost = parse_argon2_cost(fields[2]);
  if (!cost) return tl::unexpected(cost.error());
  auto salt = parse_bytes(padded(fields[3]), "salt", kArgon2SaltMin, kPasswordSaltSizeMax);
  if (!salt) return tl::unexpected(salt.error());
  auto hash = parse_bytes(padded(fields[4]), "hash", kArgon2HashMin, kArgon2HashMax);
  if (!hash) return tl::unexpected(hash.error());
  PasswordEntry entry;
  entry.user = user;
  entry.kind = PasswordKind::argon2id;
  entry.cost = *cost;
  entry.salt = *std::move(salt);
  entry.hash = *std::move(hash);
  return entry;
}

// What stands between the first '$' of a hash and its salt.
struct Head {
  PasswordKind kind;
  std::uint32_t iterations_min;  // 0: there is no such field.
  std::size_t hash_size;
  bool has_server_key;
};

std::optional<Head> head_of(std::string_view mark) {
  if (mark == "6") return Head{PasswordKind::sha512, 0, kSha512Size, false};
  if (mark == "7") return Head{PasswordKind::pbkdf2_sha512, 1, kSha512Size, false};
  if (mark == kScramMark)
    return Head{PasswordKind::scram_sha_256, kScramIterationsMin, kSha256Size, true};
  return std::nullopt;
}

Result<PasswordEntry> parse_hash(std::string_view user, std::string_view text) {
  const auto fields = split_fields(text);
  if (!fields.empty() && fields.front() == kArgon2Mark) return parse_argon2id(user, fields);
  const auto head = fields.empty() ? std::nullopt : head_of(fields.front());
  if (!head) return failure("no hash that begins with $6$, $7$, $argon2id$ or $scram-sha-256$");
  const std::size_t salt_at = head->iterations_min > 0 ? 2 : 1;
  if (fields.size() != salt_at + (head->has_server_key ? 3U : 2U))
    return failure("the hash has too few or too many parts");

  PasswordEntry entry;
  entry.user = user;
  entry.kind = head->kind;
  if (salt_at == 2) {
    const auto iterations = parse_iterations(fields[1], head->iterations_min);
    if (!iterations) return tl::unexpected(iterations.error());
    entry.iterations = *iterations;
  }
  auto salt = parse_bytes(fields[salt_at], "salt", 1, kPasswordSaltSizeMax);
  if (!salt) return tl::unexpected(salt.error());
  entry.salt = *std::move(salt);
  auto hash = parse_bytes(fields[salt_at + 1], "hash", head->hash_size, head->hash_size);
  if (!hash) return tl::unexpected(hash.error());
  entry.hash = *std::move(hash);
  if (!head->has_server_key) return entry;
  auto server_key = parse_bytes(fields[salt_at + 2], "server key", kSha256Size, kSha256Size);
  if (!server_key) return tl::unexpected(server_key.error());
  entry.server_key = *std::move(server_key);
  return entry;
}

Result<PasswordEntry> parse_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return failure("no ':' after the user name");
  const std::string_view user = line.substr(0, colon);
  if (user.empty() || !is_mqtt_utf8(user)) return failure("the user name is empty or not UTF-8");
  auto entry = parse_hash(user, line.substr(colon + 1));
  if (!entry) return failure("user " + quoted(user) + ": " + entry.error().text);
  return entry;
}

bool can_stand_in_line(std::string_view user) {
  return !user.empty() && is_mqtt_utf8(user) && user.front() != '#' &&
         user.find(':') == std::string_view::npos && trimmed(user) == user &&
         std::none_of(user.begin(), user.end(),
                      [](char byte) { return static_cast<unsigned char>(byte) < 0x20; });
}

Result<void> check_new(std::string_view user, std::string_view salt, std::size_t salt_min) {
  if (!can_stand_in_line(user))
    return failure("The user name " + quoted(user) +
                   " cannot stand in a password file: it must be UTF-8, not empty, without ':' "
                   "and control characters, and not begin with '#' or white space or end with it.");
  if (salt.size() < salt_min || salt.size() > kPasswordSaltSizeMax)
    return failure("The salt has " + std::to_string(salt.size()) + " bytes, allowed are " +
                   std::to_string(salt_min) + " to " + std::to_string(kPasswordSaltSizeMax) + ".");
  return {};
}

std::string scram_client_key(std::string_view salted_password) {
  return hmac_sha256(salted_password, "Client Key");
}

}  // namespace

Result<PasswordFile> PasswordFile::parse(std::string_view text) {
  PasswordFile file;
  file.secret_ = sha256(text);
  LinesView lines(text);
  while (lines.next()) {
    const auto added = parse_line(lines.line()).and_then([&file](PasswordEntry entry) {
      return file.add(std::move(entry));
    });
    if (!added)
      return failure("password file, line " + std::to_string(lines.number()) + ": " +
                     added.error().text + ".");
  }
  return file;
}

Result<void> PasswordFile::add(PasswordEntry entry) {
  if (entries_.empty()) usual_kind_ = entry.kind;
  shapes_.try_emplace(entry.kind,
                      Shape{entry.iterations, entry.salt.size(), entry.cost, entry.hash.size()});
  std::string user = entry.user;
  if (!entries_.try_emplace(user, std::move(entry)).second)
    // Of a std::string there is a std::quoted too.
    return failure("user " + tandemq::quoted(user) + " is there already");
  return {};
}

const PasswordEntry* PasswordFile::find(std::string_view user) const {
  const auto found = entries_.find(user);
  return found == entries_.end() ? nullptr : &found->second;
}

PasswordEntry PasswordFile::decoy(std::string_view user, PasswordKind kind) const {
  const auto found = shapes_.find(kind);
  const Shape shape = found == shapes_.end()
                          ? Shape{kScramIterationsMin, kUsualSaltSize, {}, kSha256Size}
                          : found->second;
  const auto derived = [&](std::string_view purpose) {
    return hmac_sha512(secret_, std::string(purpose).append(user));
  };
  const bool is_scram = kind == PasswordKind::scram_sha_256;
  PasswordEntry entry;
  entry.user = user;
  entry.kind = kind;
  entry.iterations = shape.iterations;
  entry.cost = shape.cost;
  entry.salt = derived("salt ").substr(0, shape.salt_size);
  entry.hash = derived("hash ").substr(0, shape.hash_size);
  if (is_scram) entry.server_key = derived("key ").substr(0, kSha256Size);
  return entry;
}

bool verify(const PasswordEntry& entry, std::string_view password) {
  switch (entry.kind) {
    case PasswordKind::sha512:
      return equal_in_constant_time(sha512(std::string(password).append(entry.salt)), entry.hash);
    case PasswordKind::pbkdf2_sha512:
      return equal_in_constant_time(pbkdf2_sha512(password, entry.salt, entry.iterations),
                                    entry.hash);
    case PasswordKind::scram_sha_256: {
      const std::string salted = pbkdf2_sha256(password, entry.salt, entry.iterations);
      return equal_in_constant_time(sha256(scram_client_key(salted)), entry.hash);
    }
    case PasswordKind::argon2id:
      return equal_in_constant_time(argon2id(password, entry.salt, entry.cost, entry.hash.size()),
                                    entry.hash);
  }
  ENSURE(false, "a password entry has one of the kinds");
  return false;
}

Result<std::string> make_argon2id_entry(std::string_view user, std::string_view password,
                                        std::string_view salt) {
  if (auto checked = check_new(user, salt, kArgon2SaltMin); !checked)
    return tl::unexpected(checked.error());
  const Argon2Cost cost;
  std::string line(user);
  line.append(":$").append(kArgon2Mark).append("$").append(kArgon2Version);
  line.append("$").append(text_of(cost));
  for (const std::string& bytes :
       {std::string(salt), argon2id(password, salt, cost, kArgon2HashSize)}) {
    std::string text = encode_base64(bytes);
    while (text.back() == '=') text.pop_back();
    line.append("$").append(text);
  }
  return line;
}

Result<std::string> make_entry(std::string_view user, std::string_view password,
                               std::string_view salt, std::uint32_t iterations) {
  if (auto checked = check_new(user, salt, 1); !checked) return tl::unexpected(checked.error());
  if (iterations < kScramIterationsMin || iterations > kPasswordIterationsMax)
    return failure("The iterations are " + std::to_string(iterations) + ", allowed are " +
                   std::to_string(kScramIterationsMin) + " to " +
                   std::to_string(kPasswordIterationsMax) + ".");
  const std::string salted = pbkdf2_sha256(password, salt, iterations);
  std::string line(user);
  line.append(":$").append(kScramMark).append("$").append(std::to_string(iterations));
  for (const std::string& bytes :
       {std::string(salt), sha256(scram_client_key(salted)), hmac_sha256(salted, "Server Key")})
    line.append("$").append(encode_base64(bytes));
  return line;
}

}  // namespace tandemq
