#include "config/options.hpp"

#include "base/utf8.hpp"
#include "config/ack_rule.hpp"
#include "config/listener_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>
#include <type_traits>

namespace tandemq {
namespace {

struct Suffix {
  char letter;
  unsigned shift;
};
constexpr std::array kSuffixes = {Suffix{'T', 40}, Suffix{'G', 30}, Suffix{'M', 20},
                                  Suffix{'K', 10}};

std::optional<std::uint64_t> parse_number(std::string_view text, bool is_size) {
  unsigned shift = 0;
  for (const Suffix& suffix : kSuffixes)
    if (is_size && text.ends_with(suffix.letter)) shift = suffix.shift;
  if (shift != 0) text.remove_suffix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number > UINT64_MAX >> shift) return std::nullopt;
  return number << shift;
}

// The shortest exact form: 1M, but 1048577.
std::string number_text(std::uint64_t number, bool is_size) {
  for (const Suffix& suffix : kSuffixes) {
    const std::uint64_t one = std::uint64_t{1} << suffix.shift;
    if (is_size && number != 0 && number % one == 0)
      return std::to_string(number >> suffix.shift) + suffix.letter;
  }
  return std::to_string(number);
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

template <class Enum>
concept Words = std::is_enum_v<Enum>;  // A field whose value is written as a word.

// Sets the field from text, if the value is allowed. One overload for each kind of field; the
// error says what is allowed.
struct Setter {
  const ConfigOption& option;
  std::string_view text;

  Result<void> operator()(bool* field) const {
    if (text != "true" && text != "false") return refused();
    *field = text == "true";
    return {};
  }
  template <class Number>
  Result<void> operator()(Number* field) const {
    const auto number = parse_number(text, option.range.is_size);
    if (!number || *number < option.range.min || *number > option.range.max) return refused();
    *field = static_cast<Number>(*number);
    return {};
  }
  Result<void> operator()(std::string* field) const {
    const bool allowed = option.range.words.empty() ? is_mqtt_utf8(text) : word_index().has_value();
    if (!allowed) return refused();
    *field = text;
    return {};
  }
  template <Words Enum>
  Result<void> operator()(Enum* field) const {
    const auto index = word_index();
    if (!index) return refused();
    *field = static_cast<Enum>(*index);
    return {};
  }
  Result<void> operator()(std::vector<ListenerConfig>* field) const {
    auto listener = parse_listener_url(text);
    if (!listener) return failure(std::string(option.key) + " = " + listener.error().text);
    field->push_back(std::move(*listener));
    return {};
  }
  Result<void> operator()(std::vector<AckRule>* field) const {
    if (text.empty()) return {};  // As the default is written.
    auto rule = parse_ack_rule(text);
    if (!rule) return failure(std::string(option.key) + " = " + rule.error().text);
    field->push_back(std::move(*rule));
    return {};
  }
  Result<void> operator()(std::vector<std::string>* field) const {
    if (!is_mqtt_utf8(text)) return refused();
    if (!text.empty()) field->emplace_back(text);  // Empty as the default is written.
    return {};
  }

 private:
  [[nodiscard]] std::optional<std::size_t> word_index() const {
    const auto words = option.range.words;
    const auto word = std::find(words.begin(), words.end(), text);
    if (word == words.end()) return std::nullopt;
    return static_cast<std::size_t>(word - words.begin());
  }
  [[nodiscard]] Result<void> refused() const {
    return failure(std::string(option.key) + " = '" + std::string(text) + "': expected " +
                   allowed_of(option));
  }
};

struct Getter {
  const ConfigRange& range;

  std::vector<std::string> operator()(bool* field) const { return {*field ? "true" : "false"}; }
  template <class Number>
  std::vector<std::string> operator()(Number* field) const {
    return {number_text(*field, range.is_size)};
  }
  std::vector<std::string> operator()(std::string* field) const { return {*field}; }
  template <Words Enum>
  std::vector<std::string> operator()(Enum* field) const {
    return {std::string(range.words[static_cast<std::size_t>(*field)])};
  }
  std::vector<std::string> operator()(std::vector<ListenerConfig>* field) const {
    if (field->empty()) return {std::string(kDefaultListener)};
    std::vector<std::string> urls;
    for (const ListenerConfig& listener : *field) urls.push_back(listener.url);
    return urls;
  }
  std::vector<std::string> operator()(std::vector<AckRule>* field) const {
    std::vector<std::string> rules;
    for (const AckRule& rule : *field) rules.push_back(text_of(rule));
    return rules;
  }
  std::vector<std::string> operator()(std::vector<std::string>* field) const { return *field; }
};

struct Allowed {
  const ConfigRange& range;

  std::string operator()(bool*) const { return "true or false"; }
  template <class Number>
  std::string operator()(Number*) const {
    const std::string bounds = "from " + number_text(range.min, range.is_size) + " to " +
                               number_text(range.max, range.is_size);
    if (range.is_size) return "a size in bytes " + bounds + ", also written with K, M, G or T";
    return "a number " + bounds;
  }
  std::string operator()(std::string*) const {
    return range.words.empty() ? "a text in UTF-8" : "one of " + joined(range.words);
  }
  template <Words Enum>
  std::string operator()(Enum*) const {
    return "one of " + joined(range.words);
  }
  std::string operator()(std::vector<ListenerConfig>*) const {
    return "a URL mqtt://HOST:PORT, mqtts://HOST:PORT, ws://HOST:PORT/PATH, "
           "wss://HOST:PORT/PATH or unix:///PATH, repeatable";
  }
  std::string operator()(std::vector<AckRule>*) const {
    return "LEVEL topic FILTER or LEVEL user NAME, repeatable";
  }
  std::string operator()(std::vector<std::string>*) const { return "a text in UTF-8, repeatable"; }
};

// Levenshtein's distance: how many letters to insert, delete or replace.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// Rows point into a Config that may be written; this one is only read.
ConfigField field_of(const Config& config, const ConfigOption& option) {
  return option.field(const_cast<Config&>(config));
}

std::string_view last_part(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace

const ConfigOption* find_option(std::string_view key) {
  const auto options = config_options();
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const ConfigOption& option) { return option.key == key; });
  return found == options.end() ? nullptr : &*found;
}

std::string_view nearest_key(std::string_view wrong) {
  constexpr std::size_t kSlipsMax = 3;
  std::string_view nearest;
  std::size_t least = kSlipsMax + 1;
  for (const ConfigOption& option : config_options()) {
    const std::size_t size = option.key.size();
    if (wrong.size() > size + kSlipsMax || size > wrong.size() + kSlipsMax) continue;
    // Three slips in a key of five letters make another word.
    const std::size_t slips = distance(wrong, option.key);
    if (slips >= least || slips * 3 > size) continue;
    least = slips;
    nearest = option.key;
  }
  if (!nearest.empty()) return nearest;
  for (const ConfigOption& option : config_options())
    if (last_part(option.key) == last_part(wrong)) return option.key;  // In the wrong section.
  constexpr std::size_t kBeginSizeMin = 5;
  for (const ConfigOption& option : config_options())
    if (wrong.size() >= kBeginSizeMin && option.key.starts_with(wrong)) return option.key;
  return {};
}

Result<void> set_value(Config& config, const ConfigOption& option, std::string_view value) {
  return std::visit(Setter{option, value}, option.field(config));
}

void copy_value(const Config& from, Config& to, const ConfigOption& option) {
  const ConfigField target = option.field(to);
  std::visit([&](auto* source) { *std::get<decltype(source)>(target) = *source; },
             field_of(from, option));
}

void clear_value(Config& config, const ConfigOption& option) {
  copy_value(Config{}, config, option);
}

bool is_repeatable(const ConfigOption& option) {
  Config any;
  const ConfigField field = option.field(any);
  return std::holds_alternative<std::vector<ListenerConfig>*>(field) ||
         std::holds_alternative<std::vector<AckRule>*>(field) ||
         std::holds_alternative<std::vector<std::string>*>(field);
}

std::vector<std::string> values_of(const Config& config, const ConfigOption& option) {
  return std::visit(Getter{option.range}, field_of(config, option));
}

std::string value_of(const Config& config, const ConfigOption& option) {
  std::string text;
  for (const std::string& value : values_of(config, option)) {
    if (!text.empty()) text += ", ";
    text += value;
  }
  return text;
}

std::string default_of(const ConfigOption& option) {
  return value_of(Config{}, option);
}

std::string allowed_of(const ConfigOption& option) {
  Config any;
  return std::visit(Allowed{option.range}, option.field(any));
}

}  // namespace tandemq
