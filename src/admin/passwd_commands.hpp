// What the commands take and show that edit a password file.
#pragma once

#include "admin/command.hpp"

#include <array>

namespace tandemq {

inline constexpr std::array<std::string_view, 2> kPasswordKinds = {"argon2id", "scram"};

inline constexpr CommandArgument kPasswordUser{
    "user", CommandArgument::Kind::word, CommandArgument::Type::text, true, 0, {}, "A user name."};
inline constexpr CommandArgument kPasswordPath{"password_file",
                                               CommandArgument::Kind::option,
                                               CommandArgument::Type::path,
                                               true,
                                               0,
                                               {},
                                               "The file that auth.password_file names."};

inline constexpr CommandArgument kPasswdSetArguments[] = {
    kPasswordUser,
    kPasswordPath,
    {"kind", CommandArgument::Kind::option, CommandArgument::Type::text, false, 0, kPasswordKinds,
     "argon2id, unless the client logs in with SCRAM-SHA-256 (MQTT 5, AUTH): that takes scram."}};
inline constexpr CommandArgument kPasswdDeleteArguments[] = {kPasswordUser, kPasswordPath};
inline constexpr CommandArgument kPasswdListArguments[] = {kPasswordPath};

inline constexpr CommandColumn kPasswdColumns[] = {
    {"user", "user"}, {"kind", "hash"}, {"done", "done"}};
inline constexpr CommandColumn kPasswdListColumns[] = {{"user", "user"}, {"kind", "hash"}};

}  // namespace tandemq
