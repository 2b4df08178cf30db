#include "ctl/import_sender.hpp"

#include "transfer/import.hpp"

#include <utility>

namespace tandemq {

ImportSender::Sent ImportSender::add(std::string_view line) {
  ++lines_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return {};
  const bool full =
      numbers_.size() == kImportPageLines || page_.size() + line.size() > kImportPageBytes;
  if (full && !numbers_.empty()) {
    if (auto sent = send_page(false); !sent) return sent;
  }
  if (!numbers_.empty()) page_ += '\n';
  page_ += line;
  numbers_.push_back(lines_);
  return {};
}

ImportSender::Sent ImportSender::finish() {
  return send_page(true);
}

ImportSender::Sent ImportSender::send_page(bool last) {
  Json arguments{{"lines", std::move(page_)}};
  if (!import_.is_null()) arguments["import"] = import_;
  if (replace_) arguments["replace"] = true;
  if (last) arguments["last"] = true;
  const auto answer = send_(arguments);
  if (!answer) return tl::unexpected(answer.error());
  import_ = answer->value("import", Json());
  for (const auto& [type, count] : answer->at("taken").items())
    taken_[type] = taken_.value(type, std::uint64_t{0}) + count.get<std::uint64_t>();
  expired_ += answer->value("expired", std::uint64_t{0});
  for (const Json& refused : answer->at("refused")) {
    ++refused_count_;
    const std::uint64_t place = refused.value("line", std::uint64_t{1}) - 1;
    if (place < numbers_.size()) refused_(numbers_[place], refused.value("why", std::string()));
  }
  page_.clear();
  numbers_.clear();
  return {};
}

Json ImportSender::totals() const {
  return {{"taken", taken_}, {"expired", expired_}, {"refused_count", refused_count_}};
}

}  // namespace tandemq
