#include "broker/explain.hpp"

#include "broker/deliver.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kInflightShown = 10;

// What a row of the ring and the row of the log that says the same have in common.
using Key = std::tuple<Lsn, Happening, std::uint32_t>;

Key key_of(const HistoryRow& row) {
  switch (row.what) {
    case Happening::puback_in:
    case Happening::pubcomp_in:
      return {row.lsn, Happening::acknowledged, row.number};
    case Happening::pubrec_in: {
      const bool over = mqtt::is_error(static_cast<mqtt::ReasonCode>(row.detail));
      return {row.lsn, over ? Happening::acknowledged : row.what, row.number};
    }
    case Happening::dropped:
      return {row.lsn, Happening::discarded, 0};
    default:
      return {row.lsn, row.what, row.number};
  }
}

// Gives the row what its twin in the log knows, and takes the twin out.
void join_twins(HistoryRow& row, std::multimap<Key, HistoryRow>& log) {
  const Key key = key_of(row);
  const std::uint64_t count = row.what == Happening::dropped ? std::uint64_t{row.number} + 1 : 1;
  row.lsn = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto twin = log.find(key);
    if (twin == log.end()) return;
    row.lsn = twin->second.lsn;
    if (row.text.empty()) row.text = std::move(twin->second.text);
    if (row.message == MessageId::none) row.message = twin->second.message;
    log.erase(twin);
  }
}

bool is_answer(Happening what) {
  return what == Happening::puback_in || what == Happening::pubrec_in ||
         what == Happening::pubcomp_in || what == Happening::pubrel_out ||
         what == Happening::acknowledged;
}

void name_answers(std::vector<HistoryRow>& rows) {
  std::map<std::uint32_t, const HistoryRow*> sent;  // By packet id.
  for (HistoryRow& row : rows) {
    if (row.what == Happening::publish_out && row.number != 0) sent[row.number] = &row;
    if (!is_answer(row.what)) continue;
    const auto found = sent.find(row.number);
    if (found == sent.end()) continue;
    const HistoryRow& publish = *found->second;
    const bool same = row.message == MessageId::none || row.message == publish.message;
    if (!same) continue;
    row.message = publish.message;
    row.qos = publish.qos;
    if (row.text.empty()) row.text = publish.text;
  }
}

std::string_view sentence_of(Wait wait) {
  switch (wait) {
    case Wait::away:
      return "the client was not connected";
    case Wait::behind:
      return "others waited before it";
    case Wait::window:
      return "as many were in flight as the client takes";
    case Wait::unsaid:
      break;
  }
  return "";
}

}  // namespace

bool is_about_message(Happening what) {
  switch (what) {
    case Happening::opened:
    case Happening::resumed:
    case Happening::refused:
    case Happening::suspended:
    case Happening::ended:
    case Happening::subscribed:
    case Happening::unsubscribed:
      return false;
    default:
      return true;
  }
}

bool concerns(const HistoryRow& row, std::string_view topic) {
  return !is_about_message(row.what) || row.text == topic.substr(0, History::kTextMax) ||
         (row.text.empty() && row.what != Happening::pubrel_in && row.what != Happening::answered);
}

Present present_of(const World& world, const std::string& client_id, const std::string& topic,
                   Instant now) {
  Present present;
  present.client_id = client_id;
  present.now = now;
  present.inflight_max = world.config.limits.max_inflight;
  present.queued_max = world.config.limits.max_queued_messages;
  present.queue_qos0 = world.config.mqtt.queue_qos0;
  present.disk_low = world.disk_low;
  const Session* session = world.state.find_session(client_id);
  present.session_id = session == nullptr ? SessionId::none : session->id;
  present.cursor = world.history.walk(client_id, present.session_id);
  if (session == nullptr) return present;

  if (const Connection* connection = world.connections.of(session->id))
    present.inflight_max = connection->limits->max_inflight;
  present.session = inspect_session(world, client_id);
  present.client = inspect_client(world, client_id);
  const std::size_t inflight = session->outgoing.inflight_count();
  present.inflight = peek_queue(*session, 0, std::min(inflight, kInflightShown));
  if (session->outgoing.queued_count() > 0) {
    present.oldest = peek_queue(*session, inflight, 1).front();
    present.oldest_on_disk = session->outgoing[inflight].on_disk();
  }
  present.queue_full = is_full(world, *session, 0);
  const Connection* connection = world.connections.of(session->id);
  const WhoView who{session->client_id, session->user_name};
  if (!topic.empty())
    present.may_receive =
        world.access->may_receive(connection != nullptr ? connection->who() : who, topic);
  if (connection != nullptr) {
    present.receive_maximum = connection->receive_maximum;
    present.outstanding = connection->outstanding;
  }
  return present;
}

std::vector<HistoryRow> merge(std::vector<HistoryRow> ring, const std::deque<HistoryRow>& log) {
  std::multimap<Key, HistoryRow> others;
  for (const HistoryRow& row : log) others.emplace(key_of(row), row);
  std::reverse(ring.begin(), ring.end());
  for (HistoryRow& row : ring) join_twins(row, others);
  std::vector<HistoryRow> rows;
  rows.reserve(others.size() + ring.size());
  for (const HistoryRow& row : log) {
    const auto found = others.find(key_of(row));
    if (found == others.end()) continue;
    rows.push_back(std::move(found->second));
    others.erase(found);
  }
  std::move(ring.begin(), ring.end(), std::back_inserter(rows));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const HistoryRow& a, const HistoryRow& b) { return a.at < b.at; });
  name_answers(rows);
  return rows;
}

std::string detail_of(const HistoryRow& row) {
  const auto reason = static_cast<mqtt::ReasonCode>(row.detail);
  switch (row.what) {
    case Happening::opened:
    case Happening::resumed:
      return row.text.empty() ? "" : "from " + row.text;
    case Happening::suspended:
      return row.text;
    case Happening::refused:
      return std::string(name(reason));
    case Happening::subscribed:
    case Happening::unsubscribed:
      return row.text +
             (reason == mqtt::ReasonCode::success ? "" : ": " + std::string(name(reason)));
    case Happening::publish_out:
      return row.detail != 0 ? "again, with DUP" : "";
    case Happening::queued:
      return std::string(sentence_of(static_cast<Wait>(row.detail)));
    case Happening::passed_over:
      return "QoS 0, and the client was not connected; mqtt.queue_qos0 is off";
    case Happening::dropped:
      return std::string(name(static_cast<DropReason>(row.detail))) +
             (row.number == 0 ? "" : ", and " + std::to_string(row.number) + " more");
    case Happening::discarded:
      return "expired, dropped from a full queue, purged, or given to another of its group";
    case Happening::answered:
    case Happening::puback_in:
    case Happening::pubrec_in:
    case Happening::pubcomp_in:
      return reason == mqtt::ReasonCode::success ? "" : std::string(name(reason));
    default:
      return {};
  }
}

}  // namespace tandemq
