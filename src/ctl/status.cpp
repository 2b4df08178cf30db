#include "ctl/status.hpp"

#include <iostream>

namespace tandemq {

int complain(int status, const std::string& text) {
  std::cerr << "tandemqctl: " << text << "\n";
  return status;
}

int complain(const CommandFailure& failure) {
  const bool refused = failure.kind == CommandFailure::Kind::refused;
  return complain(refused ? kRefused : kWrongUse, failure.text);
}

}  // namespace tandemq
