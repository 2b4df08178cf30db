#include "failover/memory_witness.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace tandemq {

class MemoryWitness::Port final : public Witness {
 public:
  Port(MemoryWitness& witness, std::uint64_t number, std::string node)
      : witness_(witness), number_(number), node_(std::move(node)) {}
  ~Port() override { witness_.forget(number_); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  void read(Callback callback) override { send(std::nullopt, {}, std::move(callback)); }
  void swap(std::uint64_t expected_revision, const WitnessRecord& record,
            Callback callback) override {
    send(expected_revision, record, std::move(callback));
  }

 private:
  void send(std::optional<std::uint64_t> expects, const WitnessRecord& record, Callback callback) {
    Request request;
    request.port = number_;
    request.node = node_;
    request.expects = expects;
    request.record = record;
    request.callback = std::move(callback);
    witness_.send(std::move(request));
  }

  MemoryWitness& witness_;
  const std::uint64_t number_;
  const std::string node_;
};

std::unique_ptr<Witness> MemoryWitness::connect(const std::string& node) {
  return std::make_unique<Port>(*this, ++ports_, node);
}

void MemoryWitness::send(Request request) {
  request.number = ++sent_;
  request.lost = unreachable_.contains(request.node);
  requests_.push_back(std::move(request));
}

void MemoryWitness::forget(std::uint64_t port) {
  for (Request& request : requests_)
    if (request.port == port) request.callback = nullptr;
}

// Of those that are over nobody needs to know.
void MemoryWitness::clean() {
  std::erase_if(requests_, [](const Request& request) {
    return request.callback == nullptr && (request.outcome || request.lost);
  });
}

WitnessOutcome MemoryWitness::carry_out(const Request& request) {
  if (!request.expects) return WitnessDone{entry_};
  if (*request.expects != entry_.revision) return WitnessConflict{entry_};
  entry_ = {request.record, ++revision_};
  return WitnessDone{entry_};
}

void MemoryWitness::arrive(const std::string& node) {
  if (stalled_) return;
  for (Request& request : requests_)
    if (request.node == node && !request.lost && !request.outcome)
      request.outcome = carry_out(request);
  clean();
}

// One after the other, because a callback may ask anew, or let go of its port.
void MemoryWitness::answer(const std::string& node) {
  const std::uint64_t last = sent_;
  const bool cut = unreachable_.contains(node);
  const auto is_due = [&](const Request& request) {
    return request.node == node && request.number <= last && request.callback != nullptr &&
           (request.outcome || request.lost || cut);
  };
  for (auto due = std::find_if(requests_.begin(), requests_.end(), is_due); due != requests_.end();
       due = std::find_if(requests_.begin(), requests_.end(), is_due)) {
    const auto callback = std::exchange(due->callback, nullptr);
    WitnessOutcome outcome = WitnessUnknown{"the witness cannot be reached"};
    if (due->outcome && !cut) outcome = *due->outcome;
    callback(std::move(outcome));
  }
  clean();
}

void MemoryWitness::deliver(const std::string& node) {
  arrive(node);
  answer(node);
}

void MemoryWitness::deliver() {
  std::vector<std::string> nodes;  // In the order in which they asked.
  for (const Request& request : requests_)
    if (std::find(nodes.begin(), nodes.end(), request.node) == nodes.end())
      nodes.push_back(request.node);
  for (const std::string& node : nodes) arrive(node);
  for (const std::string& node : nodes) answer(node);
}

void MemoryWitness::time_out(const std::string& node) {
  const std::uint64_t last = sent_;
  const auto waits = [&](const Request& request) {
    return request.node == node && request.number <= last && request.callback != nullptr;
  };
  for (auto due = std::find_if(requests_.begin(), requests_.end(), waits); due != requests_.end();
       due = std::find_if(requests_.begin(), requests_.end(), waits)) {
    const auto callback = std::exchange(due->callback, nullptr);
    callback(WitnessUnknown{"the witness did not answer in time"});
  }
  clean();
}

void MemoryWitness::set_reachable(const std::string& node, bool reachable) {
  if (reachable) {
    unreachable_.erase(node);
  } else {
    unreachable_.insert(node);
  }
}

void MemoryWitness::lose_data() {
  entry_ = {};
  revision_ = 0;
}

}  // namespace tandemq
