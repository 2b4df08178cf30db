#include "recovery/recover.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kProgressEvery = 100'000;  // Rows or records.
constexpr std::uint64_t kEvictEvery = 1'024;       // Rows between two looks at the memory.
constexpr std::size_t kReportedMax = 10;

// A key as the operator may find it in the quarantine file: text if it is that, else digits.
std::string shown(ByteView key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const bool text = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 127; });
  if (text) return "'" + std::string(key) + "'";
  std::string out;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 0x0FU]);
  }
  return out;
}

class Recoverer {
 public:
  Recoverer(const Store& store, State& state, const RecoverOptions& options)
      : store_(store), state_(state), options_(options) {}

  Recovery run() {
    load_position();
    for (std::size_t i = 1; i < kTableCount; ++i) load(static_cast<Table>(i));
    if (const std::size_t orphans = state_.finish_restore(); orphans > 0)
      add({"table messages", std::to_string(orphans) + " messages that nobody waits for", {}});
    replay();
    // Behind a hole, a message may have been stored for nobody who is still known.
    if (!result_.damage.empty()) state_.finish_restore();
    result_.broken = state_.check();
    return std::move(result_);
  }

 private:
  void load_position() {
    const auto read = store_.read_table(Table::meta, [this](ByteView key, ByteView value) {
      const auto at = read_tables_at(key, value);
      if (!at) {
        add({"table meta", at.error().text, std::string(value)});
        return true;
      }
      result_.position = at->position;
      result_.tables_at = at->position.lsn;
      state_.restore(*at);
      return true;
    });
    if (!read) add({"table meta", read.error().text, {}});
    // Without the position of the tables the log is replayed from its beginning, and what the
    // tables say already does not fit a second time.
    if (!result_.damage.empty()) result_.position.lsn = store_.first_lsn() - 1;
  }

  void load(Table table) {
    std::uint64_t count = 0;
    const std::string title(name(table));
    std::vector<TableRow> away;
    state_.expect(table, store_.rows_about(table));
    const auto read = store_.read_table(table, [&](ByteView key, ByteView value) {
      if (table == Table::retained && is_away(key, value)) {
        away.push_back({table, std::string(key), std::string(value)});
      } else {
        restore(table, key, value);
      }
      if (++count % kEvictEvery == 0) state_.keep_bodies_within(options_.bodies_max_bytes);
      if (count % kProgressEvery == 0) tell("loading " + title + ": " + std::to_string(count));
      return true;
    });
    if (!read) add({"table " + title, read.error().text, {}});
    for (const TableRow& row : away) restore_away(row);
    state_.keep_bodies_within(options_.bodies_max_bytes);
    result_.rows += count;
  }

  void restore(Table table, ByteView key, ByteView value) {
    const auto restored = state_.restore(table, key, value);
    if (restored) return;
    const std::string where = std::string(name(table)) + " row " + shown(key);
    add({where, restored.error().text, std::string(value)});
  }

  // Whether the body of this retained message has left memory since its row was read.
  [[nodiscard]] bool is_away(ByteView topic, ByteView value) const {
    const auto id = read_retained_row(topic, value);
    const StoredMessage* stored = id ? state_.stored(*id) : nullptr;
    return stored != nullptr && !stored->body;
  }

  void restore_away(const TableRow& row) {
    const std::string key = message_key(*read_retained_row(row.key, row.value));
    const auto message = read_message_row(key, store_.get(Table::messages, {&key, 1})[0]);
    if (message) state_.take_body(*message);
    restore(row.table, row.key, row.value);
  }

  void replay() {
    const Lsn from = result_.position.lsn + 1;
    if (store_.last_lsn() < from) return;
    const auto read =
        store_.read(std::max(from, store_.first_lsn()), [this](Lsn lsn, ByteView bytes) {
          replay_record(lsn, bytes);
          return true;
        });
    if (!read) add({"the log", read.error().text, {}});
    state_.keep_bodies_within(options_.bodies_max_bytes);
  }

  void replay_record(Lsn lsn, ByteView bytes) {
    const std::string where = "record " + std::to_string(lsn);
    auto record = open_record(bytes, result_.position);
    if (!record) {
      add({where, record.error().text, std::string(bytes)});
      record = open_record(bytes);  // Behind a hole: by itself it may be sound.
      if (!record) return;
    }
    for (const Mutation& mutation : record->mutations) apply(where, mutation);
    result_.position = record->position;
    if (++result_.records % kProgressEvery == 0)
      tell("replaying the log: " + std::to_string(result_.records) + " of " +
           std::to_string(store_.last_lsn() - result_.tables_at));
    if (result_.records % kEvictEvery == 0) state_.keep_bodies_within(options_.bodies_max_bytes);
  }

  void apply(const std::string& where, const Mutation& mutation) {
    if (!result_.damage.empty()) {
      if (std::string why = state_.objection_to(mutation); !why.empty()) {
        std::string bytes;
        Writer writer(bytes);
        write_mutation(writer, mutation);
        return add({where, std::move(why), std::move(bytes)});
      }
    }
    state_.apply(mutation);
  }

  void add(Damage damage) { result_.damage.push_back(std::move(damage)); }
  void tell(const std::string& text) const {
    if (options_.progress) options_.progress(text);
  }

  const Store& store_;
  State& state_;
  const RecoverOptions& options_;
  Recovery result_;
};

}  // namespace

Recovery recover(const Store& store, State& state, const RecoverOptions& options) {
  return Recoverer(store, state, options).run();
}

void write_whole(Store& fresh, State& state, const Position& at) {
  state.mark_all();
  fresh.write_tables(state.collect_changes(at));
  fresh.sync();
  state.tables_written();
}

std::string report_of(const Recovery& recovery) {
  std::string text;
  for (std::size_t i = 0; i < recovery.damage.size() && i < kReportedMax; ++i)
    text += recovery.damage[i].where + ": " + recovery.damage[i].what + "\n";
  if (recovery.damage.size() > kReportedMax)
    text += "and " + std::to_string(recovery.damage.size() - kReportedMax) + " more\n";
  for (std::size_t i = 0; i < recovery.broken.size() && i < kReportedMax; ++i)
    text += "broken invariant: " + recovery.broken[i] + "\n";
  return text;
}

}  // namespace tandemq
