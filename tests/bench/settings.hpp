// Settings of one run of the load generator, and the table that reads them from the command line.
// Owner: main; everybody else reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tandemq {

struct Settings {
  std::string scenario;  // A name of the table in settings.cpp.
  std::string host = "127.0.0.1";
  std::uint32_t port = 1883;
  std::uint32_t pid = 0;  // The broker's process; 0: its CPU and memory are not measured.
  std::uint32_t connections = 100;
  std::uint32_t messages = 0;  // To publish after the warm-up, all publishers together; 0: seconds.
  std::uint32_t seconds = 5;
  std::uint32_t warmup_ms = 500;
  std::uint32_t size = 100;  // Bytes of payload.
  std::uint32_t qos = 0;
  std::uint32_t version = 4;
  std::uint32_t batch = 1;
  std::uint32_t window = 0;  // 0: as many as batch.
  std::uint32_t rate = 1000;
  std::string dir = ".";  // Of 'commit': a folder on the broker's disk.
  std::string make;       // Of 'recovery': no more than the store, in this folder.
  std::string tls;        // A file with who signs the broker's certificate; empty: plain TCP.
  bool persistent = false;
  bool json = false;
};

std::string usage();
Result<Settings> parse_settings(const std::vector<std::string_view>& arguments);

}  // namespace tandemq
