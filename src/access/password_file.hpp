// Who may log in, and what proves it: the password file, parsed. A line is "USER:HASH"; empty lines
// and lines that begin with '#' are skipped. HASH is one of
//   $6$SALT$HASH                              Mosquitto 1.x: SHA-512 of password and salt; read
//   $7$ITERATIONS$SALT$HASH                   Mosquitto 2.x: PBKDF2 with HMAC-SHA-512; read
//   $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH     RFC 9106; read and written
//   $scram-sha-256$ITERATIONS$SALT$STOREDKEY$SERVERKEY   RFC 5803's values; read and written
// with SALT, HASH and keys in base64, of Argon2id without padding. Reads no file itself. An
// immutable value.
#pragma once

#include "access/argon2.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tandemq {

enum class PasswordKind : std::uint8_t { sha512, pbkdf2_sha512, scram_sha_256, argon2id };

struct PasswordEntry {
  std::string user;
  PasswordKind kind = PasswordKind::scram_sha_256;
  std::uint32_t iterations = 0;  // 0 for sha512 and argon2id.
  Argon2Cost cost;               // For argon2id only.
  std::string salt;              // Bytes, as all below.
  std::string hash;              // For scram_sha_256 the StoredKey.
  std::string server_key;        // For scram_sha_256 only.
};

// Bounds for what a line may say, so that a slip of the pen does not stop a worker for minutes.
constexpr std::uint32_t kPasswordIterationsMax = 10'000'000;
constexpr std::uint32_t kScramIterationsMin = 4'096;  // RFC 7677 section 4.
constexpr std::size_t kPasswordSaltSizeMax = 64;

class PasswordFile {
 public:
  // The error names the first line that is wrong, and says why. It does not quote hashes.
  static Result<PasswordFile> parse(std::string_view text);

  // Null if the user is not in the file.
  const PasswordEntry* find(std::string_view user) const;

  // An entry for a user who is not in the file: as costly to check as the file's first entry of
  // this kind, always the same for one user and file, and opened by no password. Answers built
  // from it do not tell an attacker which users exist.
  PasswordEntry decoy(std::string_view user, PasswordKind kind) const;
  // The kind of the file's first entry; scram_sha_256 in an empty file.
  PasswordKind usual_kind() const { return usual_kind_; }

  std::size_t count() const { return entries_.size(); }

 private:
  // What an onlooker sees of an entry, or could measure.
  struct Shape {
    std::uint32_t iterations;
    std::size_t salt_size;
    Argon2Cost cost;
    std::size_t hash_size;
  };

  Result<void> add(PasswordEntry entry);

  std::map<std::string, PasswordEntry, std::less<>> entries_;
  std::map<PasswordKind, Shape> shapes_;  // Of each kind's first entry.
  PasswordKind usual_kind_ = PasswordKind::scram_sha_256;
  std::string secret_;  // A digest of the whole file: the seed of decoys.
};

// True if the password is the entry's. Slow on purpose, up to seconds for a large number of
// iterations: never to be called on a core or net thread.
bool verify(const PasswordEntry& entry, std::string_view password);

// A line "USER:$scram-sha-256$..." without its end. As slow as verify. The salt is random bytes
// of the caller (16 are usual). An error if a line cannot hold the user name, or the numbers are
// out of bounds. The password is hashed as it is written: no SASLprep, see scram.hpp.
// make_argon2id_entry() is the same for "USER:$argon2id$...".
Result<std::string> make_argon2id_entry(std::string_view user, std::string_view password,
                                        std::string_view salt);
Result<std::string> make_entry(std::string_view user, std::string_view password,
                               std::string_view salt, std::uint32_t iterations);

}  // namespace tandemq
