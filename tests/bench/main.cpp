// tandemq_bench: one scenario of load on one broker, its figures on standard output. Exit code 0:
// every message arrived exactly once; 1: one did not, or the broker failed; 2: wrong arguments.
#include <iostream>
#include <string_view>
#include <vector>

#include "tests/bench/figures.hpp"
#include "tests/bench/idle.hpp"
#include "tests/bench/settings.hpp"
#include "tests/bench/traffic.hpp"

namespace tandemq {
namespace {

Result<void> idle(const Settings& settings) {
  const Result<IdleFigures> figures = run_idle(settings);
  if (!figures) {
    return tl::unexpected(figures.error());
  }
  std::cout << report(settings, *figures);
  return {};
}

Result<void> traffic(const Settings& settings) {
  const Result<TrafficFigures> figures = run_traffic(settings);
  if (!figures) {
    return tl::unexpected(figures.error());
  }
  std::cout << report(settings, *figures);
  return check_delivery(*figures);
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
  const tandemq::Result<void> done =
      settings->scenario == "idle" ? tandemq::idle(*settings) : tandemq::traffic(*settings);
  if (!done) {
    std::cerr << done.error().text << "\n";
    return 1;
  }
  return 0;
}
