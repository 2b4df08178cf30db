#include "ctl/drill_command.hpp"

#include "admin/table.hpp"
#include "ctl/client.hpp"
#include "ctl/drill.hpp"
#include "ctl/prober.hpp"
#include "ctl/settings_source.hpp"
#include "ctl/status.hpp"
#include "ctl/wanted_state.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>
#include <utility>

namespace tandemq {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kGlanceEvery{50};
constexpr milliseconds kAnswerEvery{5};
constexpr milliseconds kServedPatience{10'000};  // Of clients after a move; before one, a fifth.
constexpr milliseconds kSettling{1'000};         // What is served for a moment only is not served.
constexpr const char* kUsualTimeout = "5m";

std::int64_t ms_of(Steady::duration passed) {
  return std::chrono::duration_cast<milliseconds>(passed).count();
}

class DrillRun {
 public:
  DrillRun(const std::string& socket, const Request& request, milliseconds timeout)
      : client_(socket),
        socket_(socket),
        request_(request),
        timeout_(timeout),
        table_(request.command->columns) {}

  int run();

 private:
  Result<void> prepare();
  Result<void> there_and_back();
  Result<DrillLook> move(const WantedState& wanted, DrillMove& made);
  void end_probing(bool served, DrillMove& made);
  [[nodiscard]] std::optional<DrillLook> glance(const WantedState& wanted) const;
  Result<void> compare(DrillLook& look);
  Result<std::uint64_t> tail_records() const;
  Result<bool> begin_probing();
  Steady::time_point take_answers(Steady::time_point from);
  [[nodiscard]] bool await_service(Steady::time_point from, milliseconds patience);
  void show(const std::vector<Json>& rows);

  const AdminClient client_;
  const std::string& socket_;
  const Request& request_;
  const milliseconds timeout_;
  RowTable table_;
  std::vector<DrillTarget> targets_;
  Drill drill_;
  std::uint64_t cut_before_ = 0;
  std::optional<Prober> prober_;
  // Of the move that is under way.
  Steady::time_point began_;
  std::uint64_t asked_before_ = 0;
  std::vector<std::int64_t> answered_ms_;  // Since it began.
};

void progress(const std::string& text) {
  std::cerr << "drill: " << text << std::endl;
}

void DrillRun::show(const std::vector<Json>& rows) {
  if (request_.json) {
    for (const Json& row : rows) std::cout << json_text(row) << "\n";
  } else {
    std::cout << table_.add(rows, {});
  }
  std::cout << std::flush;
}

int DrillRun::run() {
  if (const auto ready = prepare(); !ready)
    return complain(kRefused, "No drill: " + ready.error().text);
  const auto done = there_and_back();
  if (!done) {
    const auto status = client_.ask("status", Json::object());
    complain(kRefused, "The drill has failed: " + done.error().text);
    return complain(kRefused, after_failure(drill_.before.node,
                                            status ? std::optional(*status) : std::nullopt));
  }
  const DrillVerdict verdict = judge(drill_);
  show(rows_of(verdict));
  return verdict.troubles.empty() ? kDone : kRefused;
}

// Everything that can speak against it, before anything moves.
Result<void> DrillRun::prepare() {
  const auto status = client_.ask("status", Json::object());
  if (!status) return failure(status.error().text);
  if (auto may = may_drill(*status); !may) return may;
  const auto settings = ask_settings(client_);
  if (!settings) return failure(settings.error().text);
  auto targets = drill_targets(settings->config, text_of(request_.arguments, "probe"));
  if (!targets) return tl::unexpected(targets.error());
  targets_ = std::move(*targets);
  const auto served = begin_probing();
  if (!served) return tl::unexpected(served.error());
  if (!*served) {
    std::string where;
    for (const DrillTarget& one : targets_)
      where += (where.empty() ? "" : " or ") + one.host + ":" + std::to_string(one.port);
    return failure(
        "no client is served at " + where +
        " as seen from here. --probe=HOST:PORT,HOST:PORT names what clients connect to.");
  }
  prober_.reset();
  const auto cut = tail_records();
  if (!cut) return tl::unexpected(cut.error());
  cut_before_ = *cut;
  drill_.before = drill_look_of(*status);
  progress("comparing both nodes");
  if (auto compared = compare(drill_.before); !compared) return compared;
  if (drill_.before.digest != drill_.before.peer_digest)
    return failure("the nodes differ; the standby gets a full sync. Try again when it is in sync.");
  show(rows_of("before", drill_.before));
  return {};
}

Result<void> DrillRun::there_and_back() {
  progress("the leadership moves to " + drill_.before.peer);
  auto between = move({"insync", true}, drill_.there);
  if (!between) return tl::unexpected(between.error());
  drill_.between = *between;
  show(rows_of("there", drill_.before, drill_.there));
  show(rows_of("between", drill_.between));

  progress("the leadership moves back to " + drill_.before.node);
  auto after = move({"primary", true}, drill_.back);
  if (!after) return tl::unexpected(after.error());
  drill_.after = *after;
  show(rows_of("back", drill_.between, drill_.back));
  progress("comparing both nodes");
  if (auto compared = compare(drill_.after); !compared) return compared;
  show(rows_of("after", drill_.after));
  const auto cut = tail_records();
  if (!cut) return tl::unexpected(cut.error());
  drill_.cut_off = *cut - std::min(*cut, cut_before_);
  return {};
}

// Asked of this node, whether it leads or not; it comes back when the pair is as wanted.
Result<DrillLook> DrillRun::move(const WantedState& wanted, DrillMove& made) {
  if (const auto begun = begin_probing(); !begun) return tl::unexpected(begun.error());
  answered_ms_.clear();
  asked_before_ = prober_->asked();
  began_ = Steady::now();
  const auto moved = client_.ask("switchover", Json::object());
  if (!moved) return failure(moved.error().text);
  const Steady::time_point moved_at = Steady::now();
  made.to = text_of(*moved, "to");
  made.term = moved->value("term", std::uint64_t{0});
  made.lsn = moved->value("lsn", std::uint64_t{0});
  made.took_ms = moved->value("took_ms", std::int64_t{0});
  progress(made.to + " leads; waiting for clients and for the pair to be in sync");
  const bool served = await_service(began_, kServedPatience);
  std::optional<DrillLook> look;
  while (!look || prober_) {
    if (prober_ && Steady::now() - moved_at >= kSettling) end_probing(served, made);
    if (!look && (look = glance(wanted))) made.sync_ms = ms_of(Steady::now() - moved_at);
    if (!look && Steady::now() - moved_at >= timeout_)
      return failure("the pair was not in sync again within " + std::to_string(timeout_.count()) +
                     " ms.");
    std::this_thread::sleep_for(kGlanceEvery);
  }
  return *look;
}

void DrillRun::end_probing(bool served, DrillMove& made) {
  take_answers(began_);
  if (served) made.gap_ms = longest_gap_ms(answered_ms_, 0, ms_of(Steady::now() - began_));
  made.probes = prober_->asked() - asked_before_;
  made.answered = answered_ms_.size();
  prober_.reset();
}

std::optional<DrillLook> DrillRun::glance(const WantedState& wanted) const {
  const auto status = AdminClient(socket_, timeout_).ask("status", Json::object());
  if (!status || !meets(*status, wanted)) return std::nullopt;
  return drill_look_of(*status);
}

// Whether somebody is served.
Result<bool> DrillRun::begin_probing() {
  prober_.emplace();
  if (auto started = prober_->start(targets_); !started) return tl::unexpected(started.error());
  return await_service(Steady::now(), kServedPatience / 5);
}

// Until something that was asked from now on is answered; answers are counted from `from`.
bool DrillRun::await_service(Steady::time_point from, milliseconds patience) {
  const Steady::time_point begin = Steady::now();
  Steady::time_point asked{};
  while (asked < begin && Steady::now() - begin < patience) {
    std::this_thread::sleep_for(kAnswerEvery);
    asked = std::max(asked, take_answers(from));
  }
  return asked >= begin;
}

// Returns when the last one of those that were answered was asked.
Steady::time_point DrillRun::take_answers(Steady::time_point from) {
  Steady::time_point last{};
  for (const Prober::Answer& answer : prober_->take()) {
    last = std::max(last, answer.asked);
    answered_ms_.push_back(std::max<std::int64_t>(0, ms_of(answer.answered - from)));
  }
  return last;
}

// A standby that has just been admitted may be asked for something else still.
Result<void> DrillRun::compare(DrillLook& look) {
  const Steady::time_point began = Steady::now();
  while (true) {
    const auto verified = client_.ask("verify", Json::object());
    if (verified) {
      look.digest = text_of(*verified, "ours");
      look.peer_digest = text_of(*verified, "theirs");
      return {};
    }
    if (Steady::now() - began >= timeout_) return failure(verified.error().text);
    std::this_thread::sleep_for(kGlanceEvery);
  }
}

Result<std::uint64_t> DrillRun::tail_records() const {
  std::uint64_t records = 0;
  const auto listed = client_.run("diverged list", Json::object(), false, [&](std::string_view l) {
    if (const auto row = parse_json(l)) records += row->value("records", std::uint64_t{0});
    return true;
  });
  if (!listed) return failure(listed.error().text);
  return records;
}

}  // namespace

int run_drill(const std::string& socket, const Request& request) {
  const auto timeout =
      parse_duration(request.arguments.value("timeout", std::string(kUsualTimeout)));
  if (!timeout) return complain(kWrongUse, timeout.error().text);
  return DrillRun(socket, request, *timeout).run();
}

}  // namespace tandemq
