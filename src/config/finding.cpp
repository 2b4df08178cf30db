#include "config/finding.hpp"

#include <algorithm>

namespace tandemq {

bool any_error(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.weight == Finding::Weight::error;
  });
}

std::string report_of(const std::vector<Finding>& findings) {
  std::string report;
  for (const Finding& finding : findings) {
    report += finding.weight == Finding::Weight::error ? "error: " : "warning: ";
    report += finding.text;
    report += '\n';
  }
  return report;
}

}  // namespace tandemq
