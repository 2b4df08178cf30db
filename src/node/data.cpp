#include "node/data.hpp"

#include "recovery/files.hpp"
#include "recovery/quarantine.hpp"
#include "recovery/recover.hpp"
#include "store/memory_store.hpp"
#include "store/rocks_store.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdvice =
    "The undamaged rest can be served: start once with tandemqd --repair, or set "
    "store.on_damage = quarantine. The damaged part is kept in data.dir/quarantine.";

class Opener {
 public:
  Opener(const Config& config, spdlog::logger& log,
         const std::function<void(const std::string&)>& progress)
      : config_(config), log_(log), progress_(progress) {}

  Result<Data> open(bool tolerant) {
    RocksOptions options;
    options.folder = folder("store");
    if (tolerant)
      options.skipped = [this](const std::string& sentence) {
        skipped_.push_back({"store", sentence, {}});
      };
    auto store = RocksStore::open(std::move(options));
    if (!store) return tl::unexpected(std::move(store.error()));
    Data data;
    take(data, std::move(*store));
    data.state = std::make_unique<State>();
    const auto begin = std::chrono::steady_clock::now();
    RecoverOptions how;
    how.bodies_max_bytes = tolerant ? UINT64_MAX : config_.memory.bodies_max_bytes;
    how.progress = [this](const std::string& text) { tell(text); };
    Recovery recovery = recover(*data.store, *data.state, how);
    recovery.damage.insert(recovery.damage.begin(), skipped_.begin(), skipped_.end());
    data.position = recovery.position;
    data.tables_at = recovery.tables_at;
    if (!recovery.broken.empty()) return failure("the data are not sound:\n" + report_of(recovery));
    if (!recovery.damage.empty()) {
      if (!tolerant)
        return failure("a part of the data cannot be read:\n" + report_of(recovery) + kAdvice);
      if (auto replaced = set_aside(data, recovery); !replaced)
        return tl::unexpected(std::move(replaced.error()));
    }
    tell_outcome(recovery, *data.state, std::chrono::steady_clock::now() - begin);
    return data;
  }

 private:
  [[nodiscard]] std::string folder(const std::string& name) const {
    return config_.data_dir + "/" + name;
  }

  static void take(Data& data, std::unique_ptr<RocksStore> store) {
    data.on_disk = store.get();
    data.store = std::move(store);
  }

  // The damaged store goes to the quarantine as it is; a new one takes its place.
  Result<void> set_aside(Data& data, const Recovery& recovery) {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const std::string stamp =
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
    const std::string aside = folder("quarantine") + "/" + stamp;
    const std::string fresh_folder = folder("store.new");
    std::error_code error;
    fs::create_directories(aside, error);
    if (!error) fs::remove_all(fresh_folder, error);
    if (error) return failure(aside + " cannot be prepared: " + error.message());
    if (auto kept = write_quarantine(aside + "/damage.jsonl", recovery.damage); !kept) return kept;
    log_.warn("damage was set aside in {}:\n{}", aside, report_of(recovery));
    {
      auto fresh = RocksStore::open({.folder = fresh_folder, .skipped = {}});
      if (!fresh) return tl::unexpected(std::move(fresh.error()));
      write_whole(**fresh, *data.state, recovery.position);
    }
    data.store.reset();
    fs::rename(folder("store"), aside + "/store", error);
    if (!error) fs::rename(fresh_folder, folder("store"), error);
    if (error) return failure("the repaired store cannot be put in place: " + error.message());
    auto opened = RocksStore::open({.folder = folder("store"), .skipped = {}});
    if (!opened) return tl::unexpected(std::move(opened.error()));
    take(data, std::move(*opened));
    data.tables_at = recovery.position.lsn;
    data.state->keep_bodies_within(config_.memory.bodies_max_bytes);
    return {};
  }

  void tell(const std::string& text) {
    log_.info("recovery: {}", text);
    progress_("recovery: " + text);
  }

  void tell_outcome(const Recovery& recovery, const State& state,
                    std::chrono::steady_clock::duration took) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    log_.info(
        "recovered {} sessions, {} messages, {} retained topics at log position {} in {} ms: {} "
        "rows, {} records replayed",
        state.session_count(), state.message_count(), state.retained_topics().size(),
        recovery.position.lsn, ms, recovery.rows, recovery.records);
  }

  const Config& config_;
  spdlog::logger& log_;
  const std::function<void(const std::string&)>& progress_;
  std::vector<Damage> skipped_;
};

// The process ended between the two renames of set_aside(): the new store is whole.
void finish_set_aside(const std::string& data_dir) {
  std::error_code error;
  const std::string store = data_dir + "/store";
  if (fs::exists(store, error) || !fs::exists(data_dir + "/store.new", error)) return;
  fs::rename(data_dir + "/store.new", store, error);
}

// The image takes the place of the store, which is kept until this node is in sync. Whatever of it
// was done before the process ended is not done again.
Result<void> put_image_in_place(const std::string& data_dir, NodeState& node) {
  if (node.sync == NodeState::Sync::none || node.sync == NodeState::Sync::installed) return {};
  const std::string store = data_dir + "/store";
  const std::string image = store + ".image";
  std::error_code error;
  if (node.sync == NodeState::Sync::receiving) {
    fs::remove_all(image, error);
    node.sync = NodeState::Sync::none;
  } else {
    if (fs::exists(image, error) && fs::exists(store, error)) {
      fs::remove_all(store + ".old", error);
      if (!error) fs::rename(store, store + ".old", error);
    }
    if (!error && fs::exists(image, error)) fs::rename(image, store, error);
    node.sync = NodeState::Sync::installed;
  }
  if (error)
    return failure("the image of a full sync in " + image + " cannot be put in the place of " +
                   store + ": " + error.message());
  if (auto synced = sync_folder(data_dir); !synced) return synced;
  return write_node_state(data_dir, node);
}

// Who this node is; a data.dir of another node or cluster is not touched.
Result<NodeState> open_node_state(const Config& config) {
  auto found = read_node_state(config.data_dir);
  if (!found) return tl::unexpected(found.error());
  if (!*found) {
    NodeState fresh;
    fresh.cluster = config.cluster_id;
    fresh.node = config.node_id;
    // A store that has no node.state was served by a broker alone: it has all there is.
    std::error_code error;
    if (fs::exists(config.data_dir + "/store", error)) fresh.role = NodeState::Role::solo;
    return fresh;
  }
  NodeState state = std::move(**found);
  if (state.cluster != config.cluster_id || state.node != config.node_id)
    return failure(
        "data.dir = " + config.data_dir + " belongs to node.id = " + state.node +
        " of cluster.id = " + state.cluster + ", not to " + config.node_id + " of " +
        config.cluster_id +
        "; choose the data.dir of this node, or, if it has been renamed, remove node.state "
        "there");
  if (auto placed = put_image_in_place(config.data_dir, state); !placed)
    return tl::unexpected(placed.error());
  return state;
}

Result<Data> open_store(const Config& config, bool repair, spdlog::logger& log,
                        const std::function<void(const std::string&)>& progress) {
  finish_set_aside(config.data_dir);
  const bool tolerant = repair || config.store.on_damage == "quarantine";
  auto data = Opener(config, log, progress).open(false);
  if (data || !tolerant) return data;
  log.warn("{}", data.error().text);
  return Opener(config, log, progress).open(true);
}

}  // namespace

Result<Data> open_data(const Config& config, bool repair, spdlog::logger& log,
                       const std::function<void(const std::string&)>& progress) {
  if (config.store.in_memory) {
    Data data;
    data.store = std::make_unique<MemoryStore>();
    data.state = std::make_unique<State>();
    return data;
  }
  auto node = open_node_state(config);
  if (!node) return tl::unexpected(node.error());
  auto data = open_store(config, repair, log, progress);
  if (data) data->node = std::move(*node);
  return data;
}

}  // namespace tandemq
