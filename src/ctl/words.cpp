#include "ctl/words.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace tandemq {
namespace {

using Kind = CommandArgument::Kind;
using Type = CommandArgument::Type;

struct Option {
  std::string name;  // As it was written, without the dashes.
  std::optional<std::string> value;
};

struct Sorted {
  std::vector<std::string> plain;
  std::vector<Option> options;
};

// An option means the same in every command, so that it can stand before the command too.
const CommandArgument* find_anywhere(std::string_view option) {
  for (const Command& command : commands())
    for (const CommandArgument& argument : command.arguments)
      if ((argument.kind == Kind::option || argument.kind == Kind::flag) &&
          option_of(argument.name).substr(2) == option)
        return &argument;
  return nullptr;
}

bool takes_value(std::string_view option) {
  if (option == "socket") return true;
  const CommandArgument* argument = find_anywhere(option);
  return argument != nullptr && argument->kind == Kind::option;
}

Result<Sorted> sort_words(const std::vector<std::string>& words) {
  Sorted sorted;
  bool only_plain = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool is_option = !only_plain && word.size() > 1 && word.starts_with("-");
    if (word == "-h" && is_option) {
      sorted.options.push_back({"help", {}});
    } else if (!is_option || !word.starts_with("--")) {
      sorted.plain.push_back(word);
    } else if (word == "--") {
      only_plain = true;
    } else if (const std::size_t equals = word.find('='); equals != std::string::npos) {
      sorted.options.push_back({word.substr(2, equals - 2), word.substr(equals + 1)});
    } else if (!takes_value(word.substr(2))) {
      sorted.options.push_back({word.substr(2), {}});
    } else if (i + 1 < words.size()) {
      sorted.options.push_back({word.substr(2), words[++i]});
    } else {
      return failure(word + " needs a value: " + word + "=VALUE.");
    }
  }
  return sorted;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// The command that the first words name, longest first; they are removed.
Result<const Command*> take_command(std::vector<std::string>& plain) {
  if (plain.empty()) return failure("No command is given. 'tandemqctl --help' lists them.");
  for (std::size_t count = std::min<std::size_t>(plain.size(), 2); count > 0; --count) {
    const std::vector<std::string> first(plain.begin(),
                                         plain.begin() + static_cast<std::ptrdiff_t>(count));
    const Command* command = find_command(joined(first));
    if (command == nullptr) continue;
    plain.erase(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(count));
    return command;
  }
  std::string choices;
  for (const Command& command : commands())
    if (command.name.starts_with(plain.front() + " "))
      choices.append(choices.empty() ? "" : ", ").append(command.name);
  if (!choices.empty())
    return failure("'" + joined(plain) + "' is no command, but " + choices + ".");
  return failure("'" + plain.front() + "' is no command. 'tandemqctl --help' lists them.");
}

// A number as a number, what is none as text: check_arguments() then says what is allowed.
Json value_of(const CommandArgument& argument, const std::string& text) {
  if (argument.type != Type::number) return text;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return text;
  return number;
}

Result<void> take_option(Request& request, const Option& option) {
  const auto all = request.command->arguments;
  const auto argument = std::find_if(all.begin(), all.end(), [&](const CommandArgument& a) {
    return option_of(a.name).substr(2) == option.name &&
           (a.kind == Kind::option || a.kind == Kind::flag);
  });
  const std::string name(request.command->name);
  if (argument == all.end()) return failure("'" + name + "' has no option --" + option.name + ".");
  if (argument->kind == Kind::flag && option.value)
    return failure("--" + option.name + " takes no value.");
  if (argument->name == "file") {
    request.file = *option.value;
  } else if (argument->name == "stdin") {
    request.payload_stdin = true;
  } else {
    request.arguments[std::string(argument->name)] =
        argument->kind == Kind::flag ? Json(true) : value_of(*argument, *option.value);
  }
  return {};
}

// "-n N" is --limit=N, where a command has that.
void take_short_limit(const Command& command, std::vector<std::string>& plain,
                      std::vector<Option>& options) {
  const auto dash = std::find(plain.begin(), plain.end(), "-n");
  const bool has_limit =
      std::any_of(command.arguments.begin(), command.arguments.end(),
                  [](const CommandArgument& argument) { return argument.name == "limit"; });
  if (!has_limit || dash == plain.end() || dash + 1 == plain.end()) return;
  options.push_back({"limit", *(dash + 1)});
  plain.erase(dash, dash + 2);
}

Result<void> take_plain(Request& request, const std::vector<std::string>& plain) {
  std::size_t used = 0;
  for (const CommandArgument& argument : request.command->arguments) {
    if (used >= plain.size()) break;
    if (argument.kind == Kind::word) {
      request.arguments[std::string(argument.name)] = plain[used++];
    } else if (argument.kind == Kind::words) {
      Json list = Json::array();
      while (used < plain.size()) list.push_back(plain[used++]);
      request.arguments[std::string(argument.name)] = std::move(list);
    }
  }
  if (used < plain.size()) return failure("'" + plain[used] + "' is one word too many.");
  return {};
}

Result<void> check(const Request& request) {
  const int payloads = (request.arguments.contains("payload") ? 1 : 0) +
                       (request.arguments.contains("payload_base64") ? 1 : 0) +
                       (request.file.empty() ? 0 : 1) + (request.payload_stdin ? 1 : 0);
  if (payloads > 1)
    return failure("PAYLOAD, --payload-base64, --file and --stdin exclude each other.");
  return check_arguments(*request.command, request.arguments);
}

// Takes out what is no command's.
Request take_common(std::vector<Option>& options) {
  Request request;
  std::vector<Option> others;
  for (Option& option : options) {
    if (option.name == "socket" && option.value) {
      request.socket = std::move(*option.value);
    } else if (option.name == "json" && !option.value) {
      request.json = true;
    } else if (option.name == "help" && !option.value) {
      request.action = Request::Action::help;
    } else if (option.name == "version" && !option.value) {
      request.action = Request::Action::version;
    } else {
      others.push_back(std::move(option));
    }
  }
  options = std::move(others);
  return request;
}

}  // namespace

Result<Request> parse_words(const std::vector<std::string>& words) {
  Result<Sorted> sorted = sort_words(words);
  if (!sorted) return tl::unexpected(sorted.error());
  std::vector<std::string>& plain = sorted->plain;
  Request request = take_common(sorted->options);
  const bool asks_help = request.action == Request::Action::help;
  if (request.action == Request::Action::version) return request;
  if (asks_help || (!plain.empty() && plain.front() == "help")) {
    if (!asks_help) plain.erase(plain.begin());
    request.action = Request::Action::help;
    if (plain.size() > 2) plain.resize(2);
    request.topic = joined(plain);
    return request;
  }
  const Result<const Command*> command = take_command(plain);
  if (!command) return tl::unexpected(command.error());
  request.command = *command;
  take_short_limit(**command, plain, sorted->options);
  Result<void> taken = take_plain(request, plain);
  for (const Option& option : sorted->options)
    if (taken) taken = take_option(request, option);
  if (taken) taken = check(request);
  if (taken) return request;
  return failure(taken.error().text + " Usage: tandemqctl " + usage_of(*request.command));
}

}  // namespace tandemq
