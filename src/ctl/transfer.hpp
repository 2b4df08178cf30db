// transfer: export, import and import mosquitto as tandemqctl does them: files and standard
// streams, pages to and from a broker, progress on the standard error. What is in the files is
// judged by src/transfer.
// Called by main, its thread, which waits; each returns the exit status.
#pragma once

#include "base/time.hpp"
#include "ctl/client.hpp"
#include "ctl/import_sender.hpp"
#include "ctl/words.hpp"

#include <chrono>
#include <string>

namespace tandemq {

int run_export(const AdminClient& client, const Request& request);
int run_import(const AdminClient& client, const Request& request, Instant now);
int run_import_mosquitto(const AdminClient& client, const Request& request, Instant now);

// Says on the standard error how far it is, every other second.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  void show(std::uint64_t count);

 private:
  std::string what_;
  std::chrono::steady_clock::time_point said_ = std::chrono::steady_clock::now();
};

// One that asks this broker, and says on the standard error what is refused.
ImportSender make_sender(const AdminClient& client, bool replace);
// The totals as a person reads them, or as JSON.
std::string summary_of(const Request& request, const ImportSender& sender, Instant now);

}  // namespace tandemq
