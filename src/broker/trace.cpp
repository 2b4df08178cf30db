#include "broker/trace.hpp"

#include "topic/name.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

std::uint64_t Trace::start(Subject subject, std::string value, Listener listener) {
  watches_.push_back({next_number_, subject, std::move(value), std::move(listener)});
  return next_number_++;
}

void Trace::stop(std::uint64_t watch) {
  std::erase_if(watches_, [watch](const Watch& w) { return w.number == watch; });
}

void Trace::report(const TraceEvent& event) const {
  for (const Watch& watch : watches_) {
    const bool fits =
        watch.subject == Subject::client    ? event.client_id == watch.value
        : watch.subject == Subject::address ? event.address.starts_with(watch.value)
                                            : !event.topic.empty() && matches(watch.value, event.topic);
    if (fits) watch.listener(event);
  }
}

}  // namespace tandemq
