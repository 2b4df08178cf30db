// `explain`: the core is asked for where the client stands and, page by page, for its events; the
// log is read and decoded here, on the thread of the admin server.
#include "admin/moment.hpp"
#include "admin/table.hpp"
#include "broker/explain.hpp"
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kRowsUsual = 100;
constexpr std::uint64_t kRowsMax = 10'000;
constexpr std::size_t kEventPage = 4'000;          // Events looked at in one go.
constexpr std::size_t kRecordPage = 500;           // Records read in one go.
constexpr std::uint64_t kRecordsRead = 200'000;    // The last ones of the log,
constexpr std::uint64_t kBytesRead = 256'000'000;  // as far as they are about this large.

struct Question {
  std::string client_id;
  std::string topic;  // Empty: about all.
  Instant since;
  std::size_t rows_max = 0;
};

// What was looked at, so that nobody takes silence for an answer.
struct Reach {
  Instant events_since = Instant::never();  // The oldest event; never: there is none.
  Lsn first_record = 0;                     // 0: no record was read.
  Instant records_since;
};

Result<Question> question_of(const Json& arguments) {
  Question question;
  question.client_id = arguments.value("client", std::string());
  question.topic = arguments.value("topic", std::string());
  const std::uint64_t limit = arguments.value("limit", kRowsUsual);
  question.rows_max = static_cast<std::size_t>(std::min(limit, kRowsMax));
  if (!question.topic.empty() && !is_valid_name(question.topic))
    return failure("'" + question.topic + "' is not a topic name.");
  if (!arguments.contains("since")) return question;
  const auto since = parse_moment(arguments.value("since", std::string()));
  if (!since) return tl::unexpected(since.error());
  question.since = *since;
  return question;
}

// The client's events, newest first.
Result<std::vector<HistoryRow>> read_events(Runner& runner, const Question& question,
                                            HistoryCursor cursor, Reach& reach) {
  struct Page {
    std::vector<HistoryRow> rows;
    HistoryCursor cursor;
    Instant oldest;
  };
  std::vector<HistoryRow> rows;
  bool more = !cursor.done;
  while (more && rows.size() < question.rows_max) {
    auto page = ask(runner, [cursor](Primary& primary, Instant) {
      const World& world = std::as_const(primary.broker()).world();
      Page next{{}, cursor, Instant{}};
      next.rows = world.history.page(next.cursor, kEventPage, primary.effects().next_lsn);
      next.oldest = next.cursor.oldest;
      return next;
    });
    if (!page) return tl::unexpected(page.error());
    cursor = std::move(page->cursor);
    reach.events_since = page->oldest;
    more = !cursor.done && page->oldest >= question.since;
    std::move(page->rows.begin(), page->rows.end(), std::back_inserter(rows));
  }
  return rows;
}

// When the first record from `lsn` on was sealed; nothing if there is none.
std::optional<Instant> sealed_at(const Store& store, Lsn lsn) {
  std::optional<Instant> at;
  const auto read = store.read(lsn, [&](Lsn, ByteView bytes) {
    if (const auto record = open_record(bytes)) at = record->at;
    return !at;
  });
  return read ? at : std::nullopt;
}

// The first record that was sealed at `since` or later: the times in the log rise.
Lsn first_since(const Store& store, Lsn first, Lsn last, Instant since) {
  while (first < last) {
    const Lsn middle = first + (last - first) / 2;
    const auto at = sealed_at(store, middle);
    if (at && *at < since) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

// The next ones, decoded by nobody yet: a store in memory lets nobody write while it is read.
std::vector<std::string> read_records(const Store& store, Lsn from) {
  std::vector<std::string> records;
  const auto read = store.read(from, [&](Lsn, ByteView bytes) {
    records.emplace_back(bytes);
    return records.size() < kRecordPage;
  });
  static_cast<void>(read);  // What cannot be read is not there.
  return records;
}

void take(const std::string& bytes, LogTrail& trail, Reach& reach) {
  const auto record = open_record(bytes);
  if (!record) return;  // Damaged: `store verify` says so.
  if (reach.first_record == 0) {
    reach.first_record = record->position.lsn;
    reach.records_since = record->at;
  }
  trail.take(*record);
}

LogTrail read_log(const Store& store, const Question& question, SessionId session, Reach& reach) {
  LogTrail trail(question.client_id, session, question.rows_max);
  const Lsn last = store.last_lsn();
  const Lsn first = std::max(store.first_lsn(), Lsn{1});
  if (first > last) return trail;
  const std::uint64_t average = store.log_bytes() / (last - first + 1) + 1;
  const std::uint64_t count = std::min(kRecordsRead, kBytesRead / average + 1);
  Lsn from = last - first >= count ? last - count + 1 : first;
  if (question.since.ms > 0) from = first_since(store, from, last, question.since);
  while (from <= last) {
    const std::vector<std::string> records = read_records(store, from);
    if (records.empty()) {
      if (store.first_lsn() <= from) break;
      from = store.first_lsn();  // It was trimmed meanwhile.
      continue;
    }
    from += records.size();
    for (const std::string& bytes : records) take(bytes, trail, reach);
  }
  return trail;
}

// Of messages that are known by their number alone.
Result<void> find_topics(const CommandPorts& ports, std::vector<HistoryRow>& rows) {
  std::map<MessageId, std::string> topics;
  for (const HistoryRow& row : rows)
    if (row.message != MessageId::none && row.text.empty()) topics.emplace(row.message, "");
  auto found = ask(ports.runner, [topics](Primary& primary, Instant) {
    std::map<MessageId, std::string> known = topics;
    for (auto& [id, topic] : known) {
      const StoredMessage* stored = primary.broker().state().stored(id);
      if (stored != nullptr && stored->body) topic = stored->body->topic;
    }
    return known;
  });
  if (!found) return tl::unexpected(found.error());
  std::vector<MessageId> on_disk;
  for (const auto& [id, topic] : *found)
    if (topic.empty()) on_disk.push_back(id);
  for (const MessageRef& message : read_bodies(*ports.store, on_disk).bodies)
    (*found)[message->id] = message->topic;
  for (HistoryRow& row : rows)
    if (row.message != MessageId::none && row.text.empty()) row.text = (*found)[row.message];
  return {};
}

Result<std::vector<SubscriptionReport>> matching(Runner& runner, const Question& question) {
  std::vector<SubscriptionReport> found;
  SubscriptionCursor cursor;
  while (!cursor.session.done) {
    auto page = ask(runner, [client_id = question.client_id, cursor](Primary& primary, Instant) {
      SubscriptionCursor next = cursor;
      auto list = list_subscriptions_of(std::as_const(primary.broker()).world(), client_id, next);
      return std::pair(std::move(list), next);
    });
    if (!page) return tl::unexpected(page.error());
    cursor = std::move(page->second);
    for (SubscriptionReport& one : page->first) {
      const auto shared = split_shared(one.filter);
      const std::string_view filter = shared ? shared->filter : std::string_view(one.filter);
      if (matches(filter, question.topic)) found.push_back(std::move(one));
    }
  }
  return found;
}

Json row_json(const HistoryRow& row) {
  Json json{{"at", row.at.ms}, {"event", name(row.what)}};
  if (row.lsn != 0) json["lsn"] = row.lsn;
  const bool about_message = is_about_message(row.what);
  if (row.number != 0 && row.what != Happening::dropped) json["packet_id"] = row.number;
  if (about_message && row.what != Happening::dropped) json["qos"] = static_cast<int>(row.qos);
  if (row.message != MessageId::none) json["message"] = number(row.message);
  if (about_message && !row.text.empty()) json["topic"] = row.text;
  if (const std::string detail = detail_of(row); !detail.empty()) json["detail"] = detail;
  return json;
}

std::string reach_sentence(const Reach& reach) {
  std::string text = "Looked at: ";
  text += reach.events_since.is_never()
              ? "no events, there are none"
              : "the broker's events since " + show_time(reach.events_since.ms);
  text += reach.first_record == 0 ? "; no record of the log."
                                  : "; the log from record " + std::to_string(reach.first_record) +
                                        " of " + show_time(reach.records_since.ms) + " on.";
  return text;
}

Result<std::vector<Json>> answer(const CommandPorts& ports, const Question& question) {
  const auto present = ask(ports.runner, [question](Primary& primary, Instant now) {
    return present_of(std::as_const(primary.broker()).world(), question.client_id, question.topic,
                      now);
  });
  if (!present) return tl::unexpected(present.error());
  Reach reach;
  auto events = read_events(ports.runner, question, present->cursor, reach);
  if (!events) return tl::unexpected(events.error());
  const LogTrail trail = read_log(*ports.store, question, present->session_id, reach);
  std::vector<HistoryRow> rows = merge(std::move(*events), trail.rows());
  if (const auto found = find_topics(ports, rows); !found) return tl::unexpected(found.error());
  std::erase_if(rows, [&](const HistoryRow& row) { return row.at < question.since; });
  std::vector<std::string> sentences = conclude(*present, rows, show_time);
  std::erase_if(rows, [&](const HistoryRow& row) {
    return !question.topic.empty() && !concerns(row, question.topic);
  });
  if (rows.size() > question.rows_max)
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(question.rows_max));

  std::vector<Json> lines;
  for (const HistoryRow& row : rows) lines.push_back(row_json(row));
  if (!question.topic.empty()) {
    const auto filters = matching(ports.runner, question);
    if (!filters) return tl::unexpected(filters.error());
    for (std::string& one : conclude_topic(*present, question.topic, *filters))
      sentences.push_back(std::move(one));
  }
  sentences.push_back(reach_sentence(reach));
  for (std::string& sentence : sentences) lines.push_back(Json{{"sentence", std::move(sentence)}});
  return lines;
}

}  // namespace

void add_explain_handler(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.rows["explain"] = [ports](const Json& arguments) -> Result<RowSource> {
    const auto question = question_of(arguments);
    if (!question) return tl::unexpected(question.error());
    auto lines = answer(ports, *question);
    if (!lines) return tl::unexpected(lines.error());
    return RowSource([lines = std::move(*lines)](std::vector<Json>& rows) {
      rows = lines;
      return false;
    });
  };
}

}  // namespace tandemq
