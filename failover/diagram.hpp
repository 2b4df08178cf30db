// diagram: the rules as they stand in README.md of this folder: a table in Markdown, and a graph in
// the language of Graphviz. Pure text.
#pragma once

#include <string>

namespace tandemq::failover {

// Without the rows that change and do nothing.
std::string rules_as_markdown();
std::string rules_as_dot();

}  // namespace tandemq::failover
