// KeepalivedFile: what a keepalived.conf says of the things that tandemq depends on: files that are
// tracked, and instances with their addresses. It understands blocks, words, quotes and comments,
// and passes over all else. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::doctor {

// How a number in a file changes a priority. `reverse` with a weight of 0: 1 is good, 0 is a fault.
struct TrackWeight {
  int weight = 1;  // As keepalived has it where nothing is said.
  bool reverse = false;
  bool operator==(const TrackWeight&) const = default;
};

struct KeepalivedFile {
  struct TrackFile {
    std::string name;
    std::string file;
    TrackWeight weight;
    bool init_file = false;  // keepalived writes into it when it starts.
  };
  struct Tracked {
    std::string name;                   // Of a TrackFile.
    std::optional<TrackWeight> weight;  // In place of the TrackFile's.
  };
  struct Instance {
    std::string name;
    std::vector<Tracked> tracked;
    std::vector<std::string> addresses;  // With their prefixes, as they stand there.
    bool nopreempt = false;
  };

  std::vector<TrackFile> track_files;
  std::vector<Instance> instances;
  bool includes = false;  // Other files may say more.
};

KeepalivedFile read_keepalived_file(std::string_view text);

}  // namespace tandemq::doctor
