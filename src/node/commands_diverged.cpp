// `diverged`: the tails that were cut off this node's log. They are files, so only a replay asks
// the core.
#include "broker/operate.hpp"
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "node/diverged_rows.hpp"
#include "recovery/diverged.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace tandemq {
namespace {

constexpr std::size_t kPageBytes = 1U << 20U;           // Of payload in one page.
constexpr std::uint64_t kMessagesBetweenRows = 10'000;  // Of a replay that goes on.
constexpr std::size_t kReasonsMax = 20;                 // That are told apart.

std::string folder_of(const CommandPorts& ports) {
  return ports.data_dir + "/diverged";
}

std::string name_in(const Json& arguments) {
  return arguments.value("name", std::string());
}

Result<std::shared_ptr<DivergedReader>> open_tail(const CommandPorts& ports,
                                                  const Json& arguments) {
  const auto path = diverged_path(folder_of(ports), name_in(arguments));
  if (!path) return tl::unexpected(path.error());
  auto reader = std::make_shared<DivergedReader>();
  if (auto opened = reader->open(*path); !opened) return tl::unexpected(opened.error());
  return reader;
}

// ---------------------------------------------------------------- list and show

Json to_json(const DivergedTail& tail) {
  Json row{{"name", tail.name},         {"term", tail.term},
           {"first_lsn", tail.first},   {"last_lsn", tail.last},
           {"records", tail.records},   {"messages", tail.messages},
           {"bytes", tail.bytes},       {"first_at", tail.first_at.ms},
           {"last_at", tail.last_at.ms}};
  if (!tail.damage.empty()) row["damage"] = tail.damage;
  return row;
}

Result<RowSource> list(const CommandPorts& ports) {
  const auto tails = list_diverged(folder_of(ports));
  if (!tails) return tl::unexpected(tails.error());
  std::vector<Json> lines;
  for (const DivergedTail& tail : *tails) lines.push_back(to_json(tail));
  return RowSource([lines = std::move(lines)](std::vector<Json>& rows) {
    rows = lines;
    return false;
  });
}

std::size_t payload_bytes(const OpenedRecord& record) {
  std::size_t bytes = 0;
  for (const Mutation& mutation : record.mutations)
    if (const auto* stored = std::get_if<MessageStored>(&mutation))
      bytes += stored->message->size();
  return bytes;
}

Result<RowSource> show(const CommandPorts& ports, const Json& arguments) {
  auto opened = open_tail(ports, arguments);
  if (!opened) return tl::unexpected(opened.error());
  const auto rows_of = std::make_shared<DivergedRows>(arguments.value("messages", false));
  return RowSource([reader = std::move(*opened), rows_of](std::vector<Json>& rows) {
    for (std::size_t bytes = 0; rows.size() < kOperatePage && bytes < kPageBytes;) {
      const auto record = reader->next();
      if (!record) rows.push_back(Json{{"error", record.error().text}});
      if (!record || !*record) return false;
      bytes += payload_bytes(**record);
      rows_of->take(**record, rows);
    }
    return true;
  });
}

// ---------------------------------------------------------------- replay

struct ReplayTotals {
  std::uint64_t published = 0;
  std::uint64_t no_subscriber = 0;  // Of them.
  std::uint64_t skipped = 0;
  std::map<std::string, std::uint64_t> reasons;  // Of those skipped, or not delivered to all.
  MessageId first = MessageId::none;  // What has an id from this one on came after the start.

  void count(std::string reason) {
    if (reasons.size() >= kReasonsMax && !reasons.contains(reason)) reason = "other reasons";
    ++reasons[std::move(reason)];
  }
};

// A message, or the topic whose message was retained no longer.
using ReplayStep = std::variant<MessageRef, std::string>;

void publish_again(Turn& turn, const Message& original, ReplayTotals& totals) {
  if (original.expired_at(turn.now)) {
    ++totals.skipped;
    return totals.count("expired");
  }
  Message message = original;
  message.id = MessageId::none;
  const auto routed = publish_message(turn, std::move(message));
  if (!routed) {
    ++totals.skipped;
    return totals.count(routed.error().text);
  }
  ++totals.published;
  if (*routed == Routed::no_subscribers) ++totals.no_subscriber;
  if (*routed == Routed::partly_dropped)
    totals.count("published, but the queue of a receiver is full");
}

// What the replay itself has retained, and the tail cleared again, does not stay; anything else
// is of this primary's own history.
void clear_again(Turn& turn, const std::string& topic, const ReplayTotals& totals) {
  const MessageRef retained = turn.state.find_retained(topic);
  if (retained && retained->id >= totals.first) turn.apply(RetainedCleared{topic});
}

ReplayTotals replay_page(Turn& turn, const std::vector<ReplayStep>& page, ReplayTotals totals) {
  if (totals.first == MessageId::none) totals.first = turn.state.next_message_id();
  for (const ReplayStep& step : page) {
    if (const auto* message = std::get_if<MessageRef>(&step)) {
      publish_again(turn, **message, totals);
    } else {
      clear_again(turn, std::get<std::string>(step), totals);
    }
  }
  return totals;
}

// A page is published and committed before the next one is read. It ends when nobody looks any
// more: the last row that was seen says how far it has come.
class Replay {
 public:
  Replay(const CommandPorts& ports, std::shared_ptr<DivergedReader> reader)
      : ports_(ports), reader_(std::move(reader)) {}

  // As a RowSource.
  bool operator()(std::vector<Json>& rows) {
    const auto page = std::make_shared<std::vector<ReplayStep>>();
    const auto more = read_page(*page);
    auto totals = change(ports_.runner, ports_.streams, [page, totals = totals_](Turn& turn) {
      return replay_page(turn, *page, totals);
    });
    if (totals) totals_ = std::move(*totals);
    const bool goes_on = totals && more && *more;
    const std::uint64_t done = totals_.published + totals_.skipped;
    if (!goes_on || done - shown_ >= kMessagesBetweenRows) {
      rows.push_back(row());
      shown_ = done;
    }
    if (!totals) rows.push_back(Json{{"error", totals.error().text}});
    if (totals && !more) rows.push_back(Json{{"error", more.error().text}});
    return goes_on;
  }

 private:
  // False: that was the last one.
  Result<bool> read_page(std::vector<ReplayStep>& page) {
    for (std::size_t bytes = 0; page.size() < kOperatePage && bytes < kPageBytes;) {
      auto record = reader_->next();
      if (!record) return tl::unexpected(record.error());
      if (!*record) return false;
      bytes += payload_bytes(**record);
      for (const Mutation& mutation : (*record)->mutations) {
        if (const auto* stored = std::get_if<MessageStored>(&mutation))
          page.emplace_back(stored->message);
        if (const auto* cleared = std::get_if<RetainedCleared>(&mutation))
          page.emplace_back(cleared->topic);
      }
    }
    return true;
  }

  [[nodiscard]] Json row() const {
    Json row{{"published", totals_.published},
             {"no_subscriber", totals_.no_subscriber},
             {"skipped", totals_.skipped}};
    if (totals_.reasons.empty()) return row;
    Json reasons = Json::object();
    for (const auto& [reason, count] : totals_.reasons) reasons[reason] = count;
    row["reasons"] = std::move(reasons);
    return row;
  }

  CommandPorts ports_;
  std::shared_ptr<DivergedReader> reader_;
  ReplayTotals totals_;
  std::uint64_t shown_ = 0;  // Messages, by the last row.
};

// Refused where this node does not lead, before anything is read.
Result<RowSource> replay(const CommandPorts& ports, const Json& arguments) {
  const auto leads = ask(ports.runner, [](Primary&, Instant) { return true; });
  if (!leads) return tl::unexpected(leads.error());
  auto opened = open_tail(ports, arguments);
  if (!opened) return tl::unexpected(opened.error());
  return RowSource(Replay(ports, std::move(*opened)));
}

Result<Json> delete_tail(const CommandPorts& ports, const Json& arguments) {
  if (auto done = delete_diverged(folder_of(ports), name_in(arguments)); !done)
    return tl::unexpected(done.error());
  return Json{{"deleted", name_in(arguments)}};
}

}  // namespace

void add_diverged_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.rows["diverged list"] = [ports](const Json&) { return list(ports); };
  handlers.rows["diverged show"] = [ports](const Json& a) { return show(ports, a); };
  handlers.rows["diverged replay"] = [ports](const Json& a) { return replay(ports, a); };
  handlers.records["diverged delete"] = [ports](const Json& a) { return delete_tail(ports, a); };
}

}  // namespace tandemq
