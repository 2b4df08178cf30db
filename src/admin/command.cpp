#include "admin/command.hpp"

#include <algorithm>

namespace tandemq {
namespace {

using Kind = CommandArgument::Kind;
using Type = CommandArgument::Type;

std::string in_quotes(std::string_view name) {
  return "'" + std::string(name) + "'";
}

std::string words_of(std::span<const std::string_view> allowed) {
  std::string text;
  for (const std::string_view word : allowed) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

Result<void> check_text(const CommandArgument& argument, const Json& value) {
  if (!value.is_string()) return failure(in_quotes(argument.name) + " must be a text.");
  const auto& text = value.get_ref<const std::string&>();
  if (argument.allowed.empty()) return {};
  if (std::find(argument.allowed.begin(), argument.allowed.end(), text) != argument.allowed.end())
    return {};
  return failure(in_quotes(argument.name) + " is '" + text + "' and must be one of " +
                 words_of(argument.allowed) + ".");
}

Result<void> check_value(const CommandArgument& argument, const Json& value) {
  if (argument.kind == Kind::words) {
    if (!value.is_array() || value.empty())
      return failure(in_quotes(argument.name) + " must be a list that is not empty.");
    for (const Json& item : value)
      if (auto checked = check_text(argument, item); !checked) return checked;
    return {};
  }
  switch (argument.type) {
    case Type::text:
    case Type::path:
      return check_text(argument, value);
    case Type::yes:
      if (!value.is_boolean()) return failure(in_quotes(argument.name) + " must be true or false.");
      return {};
    case Type::number:
      break;
  }
  const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() <= argument.max;
  if (!fits)
    return failure(in_quotes(argument.name) + " must be a number from 0 to " +
                   std::to_string(argument.max) + ".");
  return {};
}

const CommandArgument* find_argument(const Command& command, std::string_view name) {
  const auto found = std::find_if(command.arguments.begin(), command.arguments.end(),
                                  [&](const CommandArgument& a) { return a.name == name; });
  return found == command.arguments.end() ? nullptr : &*found;
}

std::string upper(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string usage_of(const CommandArgument& argument) {
  std::string text;
  switch (argument.kind) {
    case Kind::word:
      text = upper(argument.name);
      break;
    case Kind::words:
      text = upper(argument.name) + "...";
      break;
    case Kind::flag:
      text = option_of(argument.name);
      break;
    case Kind::option:
      text = option_of(argument.name) +
             (argument.type == Type::number ? "=NUMBER" : "=" + upper(argument.name));
      break;
  }
  return argument.required ? text : "[" + text + "]";
}

}  // namespace

const Command* find_command(std::string_view name) {
  const auto all = commands();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Result<void> check_arguments(const Command& command, const Json& arguments) {
  if (!arguments.is_object()) return failure("The arguments must be an object.");
  for (const auto& [name, value] : arguments.items()) {
    const CommandArgument* argument = find_argument(command, name);
    if (argument == nullptr || argument->local)
      return failure("'" + std::string(command.name) + "' has no argument " + in_quotes(name) +
                     ".");
    if (auto checked = check_value(*argument, value); !checked) return checked;
  }
  for (const CommandArgument& argument : command.arguments)
    if (argument.required && !arguments.contains(std::string(argument.name)))
      return failure("'" + std::string(command.name) + "' needs " + upper(argument.name) + ".");
  return {};
}

std::string usage_of(const Command& command) {
  std::string text(command.name);
  for (const CommandArgument& argument : command.arguments) text += " " + usage_of(argument);
  return text;
}

std::string option_of(std::string_view name) {
  std::string text = "--" + std::string(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

}  // namespace tandemq
