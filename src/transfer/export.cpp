#include "transfer/export.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tandemq {
namespace {

using Stage = ExportCursor::Stage;

constexpr std::size_t kPageLines = 1'000;
constexpr std::size_t kPageVisits = 10'000;      // Empty places count too.
constexpr std::uint64_t kPageBytes = 1'000'000;  // Of the messages that the lines name.

MessageId message_named_by(const Line& line) {
  if (const auto* queued = std::get_if<QueuedLine>(&line)) return queued->message;
  if (const auto* retained = std::get_if<RetainedLine>(&line)) return retained->message;
  return MessageId::none;
}

class Page {
 public:
  Page(const State& state, const ExportScope& scope, ExportCursor& cursor)
      : state_(state), scope_(scope), cursor_(cursor) {}

  std::vector<ExportedLine> take();

 private:
  [[nodiscard]] bool has_room() const {
    return lines_.size() < kPageLines && bytes_ < kPageBytes && visits_ < kPageVisits;
  }
  void put(Line line, MessageRef message = nullptr, std::size_t size = 0) {
    lines_.push_back({std::move(line), std::move(message)});
    bytes_ += size;
  }
  void take_stage();
  void take_next_session();
  void take_session(const Session& session);
  void take_filters(const Session& session);
  void take_deliveries(const Session& session);
  void take_delivery(const Session& session, const Delivery& delivery);
  void take_retained();
  void take_wills();

  const State& state_;
  const ExportScope& scope_;
  ExportCursor& cursor_;
  std::vector<ExportedLine> lines_;
  std::uint64_t bytes_ = 0;
  std::size_t visits_ = 0;
};

std::vector<ExportedLine> Page::take() {
  if (cursor_.stage == Stage::sessions && !scope_.sessions) cursor_.stage = Stage::retained;
  while (cursor_.stage != Stage::done && has_room()) take_stage();
  return std::move(lines_);
}

void Page::take_stage() {
  const bool all = scope_.client.empty();
  switch (cursor_.stage) {
    case Stage::sessions:
      take_next_session();
      if (cursor_.slot >= state_.session_slots())
        cursor_.stage = scope_.retained && all ? Stage::retained : Stage::wills;
      break;
    case Stage::retained:
      take_retained();
      if (cursor_.topic.done) cursor_.stage = scope_.sessions ? Stage::wills : Stage::done;
      break;
    case Stage::wills:
      take_wills();
      break;
    case Stage::done:
      break;
  }
}

void Page::take_next_session() {
  if (!scope_.client.empty()) {
    const Session* session = state_.find_session(scope_.client);
    cursor_.slot = session == nullptr ? static_cast<std::uint32_t>(state_.session_slots())
                                      : index(session->id);
  }
  ++visits_;
  const Session* session = state_.session(static_cast<SessionId>(cursor_.slot));
  if (session != nullptr && session->durable) {
    const bool begun =
        cursor_.client == session->client_id && cursor_.opened_at == session->opened_at;
    if (!begun) take_session(*session);
    if (!cursor_.has_filters) take_filters(*session);
    if (cursor_.has_filters) take_deliveries(*session);
    if (!has_room()) return;  // Perhaps it has more.
  }
  cursor_.client.clear();
  ++cursor_.slot;
  if (!scope_.client.empty()) cursor_.slot = static_cast<std::uint32_t>(state_.session_slots());
}

void Page::take_session(const Session& session) {
  cursor_.client = session.client_id;
  cursor_.opened_at = session.opened_at;
  cursor_.has_filters = cursor_.waits = false;
  cursor_.sequence = 0;
  cursor_.after.clear();
  put(SessionLine{session.client_id, session.user_name, session.expiry_s, session.opened_at,
                  session.suspended_at, session.incoming});
}

void Page::take_filters(const Session& session) {
  auto filter = session.filters.upper_bound(cursor_.after);
  for (; filter != session.filters.end() && has_room(); ++filter) {
    const Subscription* subscription = state_.subscriptions().find(*filter, session.id);
    put(SubscriptionLine{session.client_id, *filter, subscription->options,
                         subscription->identifier});
    cursor_.after = *filter;
  }
  cursor_.has_filters = filter == session.filters.end();
  if (cursor_.has_filters) cursor_.after.clear();
}

void Page::take_deliveries(const Session& session) {
  const Outgoing& outgoing = session.outgoing;
  std::size_t begin = 0;
  std::size_t end = outgoing.size();
  while (begin < end) {  // The first one from cursor_.sequence on.
    const std::size_t middle = begin + (end - begin) / 2;
    if (outgoing[middle].sequence < cursor_.sequence) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  for (; begin < outgoing.size() && has_room(); ++begin) {
    take_delivery(session, outgoing[begin]);
    cursor_.sequence = outgoing[begin].sequence + 1;
  }
}

void Page::take_delivery(const Session& session, const Delivery& delivery) {
  cursor_.waits = cursor_.waits || delivery.phase == DeliveryPhase::queued;
  QueuedLine line;
  line.client = session.client_id;
  line.message = delivery.message_id();
  line.qos = delivery.qos;
  line.retain = delivery.retain;
  line.released = delivery.phase == DeliveryPhase::released;
  if (line.released && cursor_.waits) return;  // Its receiver has it.
  if (!cursor_.waits) line.packet_id = delivery.packet_id;
  if (delivery.subscription_ids) line.identifiers = *delivery.subscription_ids;
  line.share = delivery.share;
  const std::size_t size = line.released ? 0 : delivery.size();
  put(std::move(line), delivery.message(), size);
}

void Page::take_retained() {
  std::vector<TopicTree::Found> found;
  state_.retained_topics().walk(cursor_.topic, kPageLines / 10, found);
  visits_ += kPageLines / 10;
  for (const TopicTree::Found& topic : found) {
    const MessageRef& message = state_.retained(topic.value);
    put(RetainedLine{message->id}, message, message->size());
  }
}

void Page::take_wills() {
  const auto& wills = state_.wills();
  const bool one = !scope_.client.empty();
  auto will = one ? wills.find(scope_.client) : wills.upper_bound(cursor_.after);
  for (; will != wills.end() && has_room(); ++will) {
    put(WillLine{will->second.will, will->second.at}, nullptr, will->second.will.message->size());
    cursor_.after = will->first;
    if (one) break;
  }
  if (one || will == wills.end()) cursor_.stage = Stage::done;
}

}  // namespace

std::vector<ExportedLine> export_page(const State& state, const ExportScope& scope,
                                      ExportCursor& cursor) {
  return Page(state, scope, cursor).take();
}

std::vector<MessageId> ExportText::wanted(const std::vector<ExportedLine>& page) const {
  std::vector<MessageId> ids;
  for (const ExportedLine& exported : page) {
    const MessageId id = message_named_by(exported.line);
    if (id != MessageId::none && !exported.message && !written_.contains(id)) ids.push_back(id);
  }
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<Line> ExportText::lines(std::vector<ExportedLine> page,
                                    const std::vector<MessageRef>& bodies) {
  std::unordered_map<MessageId, MessageRef> read;
  for (const MessageRef& body : bodies) read.emplace(body->id, body);
  std::vector<Line> out;
  for (ExportedLine& exported : page) {
    const MessageId id = message_named_by(exported.line);
    if (id != MessageId::none && !written_.contains(id)) {
      if (!exported.message) exported.message = read[id];
      if (!exported.message) {
        ++left_out_;
        continue;
      }
      out.emplace_back(MessageLine{exported.message});
      written_.insert(id);
    }
    out.push_back(std::move(exported.line));
  }
  return out;
}

}  // namespace tandemq
