// RoleHistory: the last changes of this node's role, across the lives and restarts of its process,
// in the file `role.events` of data.dir. A change is one short write and is not forced to the disk:
// a power loss may cost the last ones, and a takeover never waits for them. A file that is damaged
// is told of and made anew from what is sound in it; nothing that fails here keeps a node from
// anything.
// Owned by node; core thread.
#pragma once

#include "failover/role_event.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace tandemq::failover {

// How often since the process has started, over all lives of its nodes: owned by main.
struct RoleCounts {
  std::uint64_t changes = 0;
  std::uint64_t leads = 0;  // Those by which the node has begun to lead.

  void add(const RoleEvent& event);
};

class RoleHistory {
 public:
  static constexpr std::size_t kKept = 1'000;

  // `complain` gets sentences for the log. Before the first add() nothing is written.
  RoleHistory(const std::string& folder, std::function<void(const std::string&)> complain);

  void add(RoleEvent event);
  // The newest last.
  [[nodiscard]] const std::deque<RoleEvent>& events() const { return events_; }

 private:
  void read();
  void append(const std::string& line);
  void write_anew();
  void give_up(const char* what);

  const std::string path_;
  const std::function<void(const std::string&)> complain_;
  std::deque<RoleEvent> events_;
  std::size_t lines_ = 0;  // Of the file.
  bool sound_ = true;      // The file can be appended to.
  bool complained_ = false;
};

}  // namespace tandemq::failover
