#include "broker/inspect.hpp"
#include "config/options.hpp"
#include "node/ask.hpp"
#include "node/body_reader.hpp"
#include "node/commands.hpp"
#include "node/reports.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace tandemq {
namespace {

// A page of a list, and where the next one begins.
template <class Item, class Cursor>
struct Page {
  std::vector<Item> items;
  Cursor cursor;
};

bool is_done(const SessionCursor& cursor) {
  return cursor.done;
}
bool is_done(const SubscriptionCursor& cursor) {
  return cursor.session.done;
}
bool is_done(const TopicCursor& cursor) {
  return cursor.done;
}

Json row_of(const MessageRef& message) {
  return retained_json(*message);
}
template <class Report>
Json row_of(const Report& report) {
  return to_json(report);
}

std::uint64_t limit_of(const Json& arguments) {
  return arguments.value("limit", std::uint64_t{UINT64_MAX});
}

// The rows of a list: each call asks the core for the next page. `list` is called there with the
// World and the cursor, and moves it.
template <class Cursor, class List>
RowSource pages(Runner& runner, std::uint64_t limit, List list) {
  return [&runner, left = limit, cursor = Cursor{}, list](std::vector<Json>& rows) mutable {
    if (left == 0) return false;
    using Items = std::invoke_result_t<List, const World&, Cursor&>;
    using Item = typename Items::value_type;
    auto page = ask(runner, [list, cursor](Primary& primary, Instant) {
      Page<Item, Cursor> next{{}, cursor};
      next.items = list(std::as_const(primary.broker()).world(), next.cursor);
      return next;
    });
    if (!page) {
      rows.push_back(Json{{"error", page.error().text}});
      return false;
    }
    cursor = std::move(page->cursor);
    for (const Item& item : page->items) {
      if (left == 0) return false;
      rows.push_back(row_of(item));
      --left;
    }
    return !is_done(cursor) && left > 0;
  };
}

Result<RowSource> list_subscriptions(const CommandPorts& ports, const Json& arguments) {
  if (!arguments.contains("client"))
    return pages<SubscriptionCursor>(ports.runner, limit_of(arguments),
                                     [](const World& world, SubscriptionCursor& cursor) {
                                       return tandemq::list_subscriptions(world, cursor);
                                     });
  return pages<SubscriptionCursor>(ports.runner, limit_of(arguments),
                                   [client_id = arguments.value("client", std::string())](
                                       const World& world, SubscriptionCursor& cursor) {
                                     return list_subscriptions_of(world, client_id, cursor);
                                   });
}

Result<RowSource> list_retained(const CommandPorts& ports, const Json& arguments) {
  const std::string filter = arguments.value("filter", std::string("#"));
  if (!is_valid_filter(filter)) return failure("'" + filter + "' is not a topic filter.");
  return pages<TopicCursor>(ports.runner, limit_of(arguments),
                            [filter](const World& world, TopicCursor& cursor) {
                              return tandemq::list_retained(world, filter, cursor);
                            });
}

constexpr std::size_t kPeekPage = 100;  // Each may be large.

Result<RowSource> peek(const CommandPorts& ports, const Json& arguments) {
  constexpr std::uint64_t kUsual = 10;
  const std::string client_id = arguments.value("client", std::string());
  const auto known = ask(ports.runner, [client_id](Primary& primary, Instant) {
    return primary.broker().state().find_session(client_id) != nullptr;
  });
  if (!known) return tl::unexpected(known.error());
  if (!*known) return failure("There is no session of a client '" + client_id + "'.");
  return RowSource([ports, client_id, skip = arguments.value("skip", std::size_t{0}),
                    left = arguments.value("limit", kUsual)](std::vector<Json>& rows) mutable {
    const std::size_t count = std::min<std::uint64_t>(left, kPeekPage);
    auto page = ask(ports.runner, [client_id, skip, count](Primary& primary, Instant) {
      const Session* session = primary.broker().state().find_session(client_id);
      return session == nullptr ? std::vector<DeliveryReport>() : peek_queue(*session, skip, count);
    });
    if (!page) {
      rows.push_back(Json{{"error", page.error().text}});
      return false;
    }
    read_missing(ports, *page);
    for (const DeliveryReport& delivery : *page) rows.push_back(to_json(delivery));
    skip += page->size();
    left -= page->size();
    return page->size() == kPeekPage && left > 0;
  });
}

// What has been dropped, and with --follow what is dropped from now on.
Result<RowSource> list_drops(const CommandPorts& ports, const Json& arguments) {
  struct Seen {
    std::vector<Drop> drops;
    std::uint64_t since = 0;
    bool all = false;
  };
  return RowSource([&runner = ports.runner, client_id = arguments.value("client", std::string()),
                    follow = arguments.value("follow", false), left = limit_of(arguments),
                    since = std::uint64_t{0}, wait = false](std::vector<Json>& rows) mutable {
    if (wait) std::this_thread::sleep_for(std::chrono::milliseconds(kRowsWait_ms));
    const auto seen = ask(runner, [client_id, since](Primary& primary, Instant) {
      const World& world = primary.broker().world();
      Seen page{{}, since, false};
      page.drops = tandemq::list_drops(world, client_id, page.since);
      const auto& latest = world.drops.latest();
      page.all = latest.empty() || latest.back().sequence < page.since;
      return page;
    });
    if (!seen) {
      rows.push_back(Json{{"error", seen.error().text}});
      return false;
    }
    since = seen->since;
    wait = seen->all;
    for (const Drop& drop : seen->drops) {
      if (left == 0) return false;
      rows.push_back(to_json(drop));
      --left;
    }
    return left > 0 && (follow || !seen->all);
  });
}

Result<RowSource> show_config(const CommandPorts& ports, const Json& arguments) {
  const auto config = ports.config();
  if (!config) return tl::unexpected(config.error());
  std::vector<Json> rows;
  for (const ConfigOption& option : config_options()) {
    const std::string value = value_of(*config, option);
    const std::string usual = default_of(option);
    if (value == usual && arguments.value("changed", false)) continue;
    rows.push_back(Json{
        {"key", option.key}, {"value", value}, {"default", usual}, {"changed", value != usual}});
  }
  return at_once(std::move(rows));
}

Result<RowSource> reload_config(const CommandPorts& ports) {
  const auto lines =
      ask(ports.runner, [reload = ports.reload](Primary&, Instant) { return reload(); });
  if (!lines) return tl::unexpected(lines.error());
  if (!*lines) return failure("Nothing was changed. " + lines->error().text);
  std::vector<Json> rows;
  for (const std::string& line : **lines) rows.push_back(Json{{"change", line}});
  return at_once(std::move(rows));
}

Result<RowSource> list_certificates(const CommandPorts& ports) {
  auto rows = ports.certificates();
  if (!rows) return tl::unexpected(rows.error());
  return at_once(std::move(*rows));
}

Result<RowSource> reload_certificates(const CommandPorts& ports) {
  const auto lines = ports.reload_certificates();
  if (!lines) return failure("The certificates stay as they were. " + lines.error().text);
  std::vector<Json> rows;
  for (const std::string& line : *lines) rows.push_back(Json{{"change", line}});
  return at_once(std::move(rows));
}

}  // namespace

RowSource at_once(std::vector<Json> all) {
  return [all = std::move(all)](std::vector<Json>& rows) {
    rows = all;
    return false;
  };
}

void read_missing(const CommandPorts& ports, std::vector<DeliveryReport>& deliveries) {
  std::vector<MessageId> ids;
  for (const DeliveryReport& delivery : deliveries)
    if (delivery.id != MessageId::none && !delivery.message) ids.push_back(delivery.id);
  if (ids.empty()) return;
  for (const MessageRef& body : read_bodies(*ports.store, ids).bodies)
    for (DeliveryReport& delivery : deliveries)
      if (delivery.id == body->id) delivery.message = body;
}

void add_list_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.rows["clients list"] = [ports](const Json& arguments) -> Result<RowSource> {
    return pages<SessionCursor>(
        ports.runner, limit_of(arguments),
        [](const World& world, SessionCursor& cursor) { return list_clients(world, cursor); });
  };
  handlers.rows["sessions list"] = [ports](const Json& arguments) -> Result<RowSource> {
    return pages<SessionCursor>(
        ports.runner, limit_of(arguments),
        [](const World& world, SessionCursor& cursor) { return list_sessions(world, cursor); });
  };
  handlers.rows["subscriptions list"] = [ports](const Json& a) {
    return list_subscriptions(ports, a);
  };
  handlers.rows["retained list"] = [ports](const Json& a) { return list_retained(ports, a); };
  handlers.rows["queue peek"] = [ports](const Json& a) { return peek(ports, a); };
  handlers.rows["drops"] = [ports](const Json& a) { return list_drops(ports, a); };
  handlers.rows["config show"] = [ports](const Json& a) { return show_config(ports, a); };
  handlers.rows["config reload"] = [ports](const Json&) { return reload_config(ports); };
  handlers.rows["tls list"] = [ports](const Json&) { return list_certificates(ports); };
  handlers.rows["tls reload"] = [ports](const Json&) { return reload_certificates(ports); };
}

}  // namespace tandemq
