// tandemq_bench: one scenario of load on one broker, its figures on standard output. Exit code 0:
// every message arrived exactly once; 1: one did not, or the broker failed; 2: wrong arguments.
#include <iostream>
#include <string_view>
#include <vector>

#include "tests/bench/backlog.hpp"
#include "tests/bench/commit.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/floor.hpp"
#include "tests/bench/idle.hpp"
#include "tests/bench/recovery.hpp"
#include "tests/bench/settings.hpp"
#include "tests/bench/traffic.hpp"

namespace tandemq {
namespace {

template <class Figures>
Result<void> tell(const Settings& settings, const Result<Figures>& figures) {
  if (!figures) {
    return tl::unexpected(figures.error());
  }
  std::cout << report(settings, *figures);
  return {};
}

Result<void> backlog(const Settings& settings) {
  const Result<BacklogFigures> figures = run_backlog(settings);
  const Result<void> told = tell(settings, figures);
  if (told && (figures->lost > 0 || figures->repeated > 0)) {
    return failure("Messages were lost or came twice or out of order.");
  }
  return told;
}

Result<void> traffic(const Settings& settings) {
  const Result<TrafficFigures> figures = run_traffic(settings);
  if (!figures) {
    return tl::unexpected(figures.error());
  }
  std::cout << report(settings, *figures);
  return check_delivery(*figures);
}

Result<void> run(const Settings& settings) {
  if (settings.scenario == "idle") return tell(settings, run_idle(settings));
  if (settings.scenario == "recovery") return tell(settings, run_recovery(settings));
  if (settings.scenario == "floor") return run_floor(settings);
  if (settings.scenario == "commit") return tell(settings, run_commit(settings));
  if (settings.scenario == "backlog") return backlog(settings);
  return traffic(settings);
}

}  // namespace
}  // namespace tandemq

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const tandemq::Result<tandemq::Settings> settings = tandemq::parse_settings(arguments);
  if (!settings) {
    std::cerr << settings.error().text << "\n" << tandemq::usage();
    return 2;
  }
  const tandemq::Result<void> done = tandemq::run(*settings);
  if (!done) {
    std::cerr << done.error().text << "\n";
    return 1;
  }
  return 0;
}
