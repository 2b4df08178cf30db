#include "config/settings.hpp"

#include "config/options.hpp"

#include <algorithm>
#include <sstream>

#include <boost/program_options.hpp>

namespace tandemq {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kCommandLine = "command line";

po::options_description known_options(const std::vector<CommandSwitch>& switches) {
  po::options_description known;
  for (const ConfigOption& option : config_options())
    known.add_options()(std::string(option.key).c_str(), po::value<std::string>());
  for (const CommandSwitch& extra : switches) {
    const std::string name(extra.name);
    if (extra.has_value)
      known.add_options()(name.c_str(), po::value<std::string>());
    else
      known.add_options()(name.c_str(), "");
  }
  return known;
}

Finding error_at(std::string_view place, const std::string& text) {
  return {Finding::Weight::error, std::string(place) + ": " + text};
}

std::string unknown_key(const std::string& key) {
  const std::string_view nearest = nearest_key(key);
  std::string text = "unknown key '" + key + "'";
  if (!nearest.empty()) text.append(", did you mean '").append(nearest).append("'?");
  return text;
}

std::string trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
}

// Without the comment: a '#' at the beginning or behind a blank begins one, any other is part of a
// value, such as telemetry/#.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
      return line.substr(0, i);
  return line;
}

// Boost's reader of files tells no line numbers and stops at the first error, so it is given one
// line at a time, below the section that the line is in.
class LineParser {
 public:
  LineParser(std::string_view source, SettingList& list) : source_(source), list_(list) {}

  void parse(std::string_view line) {
    ++line_index_;
    const std::string text = trimmed(without_comment(line));
    if (text.empty()) return;
    if (text.front() == '[' && text.back() == ']')
      section_ = text;
    else
      parse_pair(text);
  }

 private:
  // For Boost every '#' begins a comment, so it is not shown the value.
  void parse_pair(const std::string& text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string value = trimmed(text.substr(std::min(equals + 1, text.size())));
    std::istringstream stream(section_ + '\n' + text.substr(0, equals + 1) + '\n');
    try {
      const auto parsed = po::parse_config_file(stream, po::options_description(), true);
      for (const po::option& option : parsed.options) {
        if (find_option(option.string_key) == nullptr)
          complain(unknown_key(option.string_key));
        else
          list_.settings.push_back({option.string_key, value, place()});
      }
    } catch (const po::error&) {
      complain("'" + text + "' is neither key = value nor [section]");
    }
  }

  void complain(const std::string& text) { list_.findings.push_back(error_at(place(), text)); }
  std::string place() const { return std::string(source_) + ":" + std::to_string(line_index_); }

  std::string_view source_;
  SettingList& list_;
  std::string section_;
  std::size_t line_index_ = 0;
};

void take_word(const po::option& option, const std::vector<CommandSwitch>& switches,
               SettingList& list) {
  const std::string value = option.value.empty() ? std::string() : option.value.front();
  const bool is_switch =
      std::any_of(switches.begin(), switches.end(),
                  [&](const CommandSwitch& extra) { return extra.name == option.string_key; });
  if (option.position_key >= 0)
    list.findings.push_back(error_at(kCommandLine, "'" + value + "' is not an option"));
  else if (option.unregistered)
    list.findings.push_back(error_at(kCommandLine, unknown_key(option.string_key)));
  else if (is_switch)
    list.switches_used.push_back({option.string_key, value, std::string(kCommandLine)});
  else
    list.settings.push_back({option.string_key, value, std::string(kCommandLine)});
}

// "--KEY=": the key has no value on purpose. Boost would ask for one, so it is not shown these
// words; a switch that takes none is left to its complaint.
std::vector<po::option> take_empty_values(std::vector<std::string>& words,
                                          const std::vector<CommandSwitch>& switches) {
  const auto is_bare = [&](std::string_view name) {
    return std::any_of(switches.begin(), switches.end(), [&](const CommandSwitch& extra) {
      return extra.name == name && !extra.has_value;
    });
  };
  const std::string_view word = words.front();
  if (word.size() < 4 || !word.starts_with("--") || word.find('=') != word.size() - 1) return {};
  const std::string_view name = word.substr(2, word.size() - 3);
  if (is_bare(name)) return {};
  po::option option;
  option.string_key = name;
  option.value = {""};
  option.original_tokens = {words.front()};
  words.erase(words.begin());
  return {option};
}

}  // namespace

SettingList parse_config_text(std::string_view text, std::string_view source) {
  SettingList list;
  LineParser parser(source, list);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parser.parse(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

SettingList parse_command_line(const std::vector<std::string>& words,
                               const std::vector<CommandSwitch>& switches) {
  SettingList list;
  const po::options_description known = known_options(switches);
  // Without Boost's guessing of abbreviated names: --limits.max would change its meaning when a
  // key is added.
  using po::command_line_style::style_t;
  const int style = style_t::allow_long | style_t::long_allow_adjacent | style_t::long_allow_next;
  try {
    const auto parsed = po::command_line_parser(words)
                            .options(known)
                            .style(style)
                            .extra_style_parser([&](std::vector<std::string>& rest) {
                              return take_empty_values(rest, switches);
                            })
                            .allow_unregistered()
                            .run();
    for (const po::option& option : parsed.options) take_word(option, switches, list);
  } catch (const po::error& error) {
    list.findings.push_back(error_at(kCommandLine, error.what()));
  }
  return list;
}

}  // namespace tandemq
