// A list of role names as strangers write it in JSON: a claim of a token, an answer over HTTP.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tandemq {

constexpr std::size_t kRolesMax = 32;         // Of one login: each costs at every check.
constexpr std::size_t kRoleNameSizeMax = 64;  // Bytes.

// Of an array of texts, or of one text. The error is a clause that goes on after a name.
Result<std::vector<std::string>> parse_role_list(const nlohmann::json& value);

}  // namespace tandemq
