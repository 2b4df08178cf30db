// ImportSender: gathers lines into pages, sends them to a broker, and adds up what it answers. The
// next page goes when the broker has committed the one before.
// Owned by its caller; its thread, which waits.
#pragma once

#include "admin/json.hpp"
#include "ctl/client.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

class ImportSender {
 public:
  using Sent = tl::expected<void, CommandFailure>;
  // Whatever answers "import lines" with these arguments.
  using Send = std::function<tl::expected<Json, CommandFailure>(const Json& arguments)>;
  using Refused = std::function<void(std::uint64_t line, const std::string& why)>;

  ImportSender(Send send, bool replace, Refused refused)
      : send_(std::move(send)), replace_(replace), refused_(std::move(refused)) {}

  // The next line of the file; empty ones are skipped.
  Sent add(std::string_view line);
  Sent finish();  // Behind the last one.

  [[nodiscard]] std::uint64_t lines() const { return lines_; }  // Given to add().
  // The sums of all answers, as the columns of the command table name them.
  [[nodiscard]] Json totals() const;
  [[nodiscard]] std::uint64_t refused_count() const { return refused_count_; }

 private:
  Sent send_page(bool last);

  Send send_;
  bool replace_;
  Refused refused_;
  std::string page_;
  std::vector<std::uint64_t> numbers_;  // Of the lines of the page, in the file.
  std::uint64_t lines_ = 0;
  Json import_;  // As the broker names it; null before its first answer.
  Json taken_ = Json::object();
  std::uint64_t expired_ = 0;
  std::uint64_t refused_count_ = 0;
};

}  // namespace tandemq
