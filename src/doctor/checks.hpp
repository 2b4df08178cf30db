// checks: what can be wrong with a node and its pair. One row a check; each says in one line how
// things are, and if they are wrong what to do. A new check is a function over Facts and a row in
// checks.cpp. Pure.
#pragma once

#include "doctor/facts.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::doctor {

struct Verdict {
  enum class Level : std::uint8_t { ok, warning, error };
  std::string_view check;
  Level level{};
  std::string text;  // One line.
};

std::string_view name_of(Verdict::Level level);
// In the order of the table; those that do not apply are left out.
std::vector<Verdict> examine(const Facts& facts);

// What the checks of a part of the whole write to.
class Report {
 public:
  void begin(std::string_view check) { check_ = check; }
  void ok(std::string text) { add(Verdict::Level::ok, std::move(text)); }
  void warning(std::string text) { add(Verdict::Level::warning, std::move(text)); }
  void error(std::string text) { add(Verdict::Level::error, std::move(text)); }
  [[nodiscard]] std::size_t count() const { return verdicts_.size(); }
  std::vector<Verdict> take() { return std::move(verdicts_); }

 private:
  void add(Verdict::Level level, std::string text);

  std::string_view check_;
  std::vector<Verdict> verdicts_;
};

// Of the virtual address.
void check_vip(const Facts& facts, Report& report);
void check_keepalived(const Facts& facts, Report& report);

}  // namespace tandemq::doctor
