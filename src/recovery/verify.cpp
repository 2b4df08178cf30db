#include "recovery/verify.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kVerifiedEvery = 100'000;  // Records.
// A second broker's memory is not to be had where one runs already: bodies leave it.
constexpr std::uint64_t kBodiesMax = 64ULL << 20;

class Verifier {
 public:
  Verifier(const Store& store, const std::function<void(const std::string&)>& progress)
      : store_(store), progress_(progress) {}

  Verification run() {
    result_.first_lsn = store_.first_lsn();
    result_.tables_at = tables_at_of(store_);
    count_rows();
    walk_log();
    replay();
    return std::move(result_);
  }

 private:
  void count_rows() {
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const auto table = static_cast<Table>(i);
      // What cannot be read is found again, and told, by recover().
      static_cast<void>(store_.read_table(table, [&](ByteView, ByteView) {
        ++result_.rows[i];
        return true;
      }));
    }
  }

  void walk_log() {
    const auto read = store_.read(store_.first_lsn(), [this](Lsn lsn, ByteView bytes) {
      check_record(lsn, bytes);
      if (++result_.records % kVerifiedEvery == 0)
        progress_("reading the log: " + std::to_string(result_.records));
      return true;
    });
    if (!read) result_.damage.push_back({"the log", read.error().text, {}});
  }

  // Those behind tables_at are checked by recover() too, which says what of them could be kept.
  void check_record(Lsn lsn, ByteView bytes) {
    auto record = before_ ? open_record(bytes, *before_) : open_record(bytes);
    if (!record) {
      if (lsn <= result_.tables_at)
        result_.damage.push_back(
            {"record " + std::to_string(lsn), record.error().text, std::string(bytes)});
      record = open_record(bytes);
    }
    before_.reset();
    if (!record) return;
    before_ = record->position;
    result_.last_at = record->at;
  }

  void replay() {
    State state;
    RecoverOptions how;
    how.bodies_max_bytes = kBodiesMax;
    how.progress = progress_;
    Recovery recovery = recover(store_, state, how);
    result_.position = recovery.position;
    result_.replayed = recovery.records;
    result_.sessions = state.session_count();
    result_.messages = state.message_count();
    result_.digest = state.digest();
    result_.broken = std::move(recovery.broken);
    for (Damage& damage : recovery.damage) {
      const bool told = std::any_of(
          result_.damage.begin(), result_.damage.end(),
          [&](const Damage& d) { return d.where == damage.where && d.what == damage.what; });
      if (!told) result_.damage.push_back(std::move(damage));
    }
  }

  const Store& store_;
  const std::function<void(const std::string&)>& progress_;
  std::optional<Position> before_;  // Of the record before; nothing at first, and behind damage.
  Verification result_;
};

}  // namespace

Verification verify_store(const Store& store,
                          const std::function<void(const std::string&)>& progress) {
  return Verifier(store, progress).run();
}

Result<Verification> verify_folder(const std::string& folder,
                                   const std::function<void(const std::string&)>& progress) {
  RocksOptions options;
  options.folder = folder;
  options.create_if_missing = false;
  options.may_rebuild = false;
  std::set<std::string> skipped;  // Each is met several times.
  options.skipped = [&skipped](const std::string& sentence) { skipped.insert(sentence); };
  const auto store = RocksStore::open(options);
  if (!store) return tl::unexpected(store.error());
  Verification result = verify_store(**store, progress);
  for (const std::string& sentence : skipped) result.damage.push_back({"store", sentence, {}});
  return result;
}

std::string report_of(const Verification& verification) {
  Recovery findings;
  findings.damage = verification.damage;
  findings.broken = verification.broken;
  return report_of(findings);
}

Lsn tables_at_of(const Store& store) {
  Lsn lsn = 0;
  const auto read = store.read_table(Table::meta, [&](ByteView key, ByteView value) {
    if (const auto at = read_tables_at(key, value)) lsn = at->position.lsn;
    return true;
  });
  return read ? lsn : 0;
}

}  // namespace tandemq
