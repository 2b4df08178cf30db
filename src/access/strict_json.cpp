#include "access/strict_json.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

using Json = nlohmann::json;

constexpr int kDepthMax = 16;

// Sees each name while the library parses.
struct NameWatch {
  std::vector<std::set<std::string>> open;  // The names of each object that is not closed yet.
  bool twice = false;
  bool deep = false;

  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    deep = deep || depth > kDepthMax;
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key)
      twice = !open.back().insert(value.get_ref<const std::string&>()).second || twice;
    return !deep;  // Nothing is kept of it.
  }
};

}  // namespace

Result<Json> parse_strict_object(std::string_view text) {
  NameWatch watch;
  constexpr bool kThrows = false;
  Json value = Json::parse(
      text,
      [&watch](int depth, Json::parse_event_t event, Json& part) {
        return watch(depth, event, part);
      },
      kThrows);
  if (watch.deep) return failure("it is nested too deeply");
  if (value.is_discarded()) return failure("it is not JSON");
  if (watch.twice) return failure("it has a name twice");
  if (!value.is_object()) return failure("it is not a JSON object");
  return value;
}

const std::string* text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace tandemq
