#include "broker/trace.hpp"

#include "topic/name.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

bool fits_subject(const TraceEvent& event, Trace::Subject subject, const std::string& value) {
  switch (subject) {
    case Trace::Subject::client:
      return event.client_id == value;
    case Trace::Subject::address:
      return event.address.starts_with(value);
    case Trace::Subject::topic:
      return !event.topic.empty() && matches(value, event.topic);
  }
  return false;
}

}  // namespace

std::uint64_t Trace::start(Subject subject, std::string value, Listener listener) {
  watches_.push_back({next_number_, subject, std::move(value), std::move(listener)});
  return next_number_++;
}

void Trace::stop(std::uint64_t watch) {
  std::erase_if(watches_, [watch](const Watch& w) { return w.number == watch; });
}

void Trace::report(const TraceEvent& event) const {
  for (const Watch& watch : watches_) {
    const bool fits = fits_subject(event, watch.subject, watch.value);
    if (fits) watch.listener(event);
  }
}

}  // namespace tandemq
