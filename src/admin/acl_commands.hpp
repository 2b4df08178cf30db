// What the command takes and shows that asks the access rules.
#pragma once

#include "admin/command.hpp"

#include <array>

namespace tandemq {

inline constexpr std::array<std::string_view, 3> kAclActions = {"publish", "subscribe", "receive"};

inline constexpr CommandArgument kAclTestArguments[] = {
    {"action", CommandArgument::Kind::word, CommandArgument::Type::text, true, 0, kAclActions,
     "publish, subscribe or receive."},
    {"topic",
     CommandArgument::Kind::word,
     CommandArgument::Type::text,
     true,
     0,
     {},
     "A topic, or a topic filter for subscribe."},
    {"user",
     CommandArgument::Kind::option,
     CommandArgument::Type::text,
     false,
     0,
     {},
     "The user; without it that of --client if it is connected, else nobody."},
    {"client",
     CommandArgument::Kind::option,
     CommandArgument::Type::text,
     false,
     0,
     {},
     "The client id, for patterns with %c."},
    {"roles",
     CommandArgument::Kind::option,
     CommandArgument::Type::text,
     false,
     0,
     {},
     "Roles that came with the login, divided by commas; without it and --user those of "
     "--client."}};

inline constexpr CommandColumn kAclTestColumns[] = {
    {"allowed", "allowed"}, {"user", "user"},       {"roles", "roles of the login"},
    {"rule", "rule"},       {"section", "- below"}, {"line", "- line"},
    {"why", "why"}};

}  // namespace tandemq
