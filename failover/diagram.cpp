#include "failover/diagram.hpp"

#include "failover/rules.hpp"

#include <functional>
#include <string_view>

namespace tandemq::failover {
namespace {

void for_each_change(const std::function<void(const Rule&)>& visit) {
  for (std::size_t role = 0; role < kRoles; ++role) {
    for (std::size_t event = 0; event < kEvents; ++event) {
      const Rule& rule = rule_for(static_cast<Role>(role), static_cast<Event>(event));
      if (rule.to != rule.from || rule.action != Action::none) visit(rule);
    }
  }
}

}  // namespace

std::string rules_as_markdown() {
  std::string text =
      "| role | event | next role | action | why |\n| --- | --- | --- | --- | --- |\n";
  for_each_change([&text](const Rule& rule) {
    for (const std::string_view cell : {name_of(rule.from), name_of(rule.event), name_of(rule.to),
                                        name_of(rule.action), rule.why})
      text.append("| ").append(cell).append(" ");
    text += "|\n";
  });
  return text;
}

std::string rules_as_dot() {
  std::string text = "digraph failover {\n  rankdir=LR;\n  node [shape=box];\n";
  for (std::size_t i = 0; i < kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    text.append("  ").append(name_of(role));
    if (traits_of(role).may_hold_vip) text += " [style=filled]";
    text += ";\n";
  }
  for_each_change([&text](const Rule& rule) {
    text.append("  ").append(name_of(rule.from)).append(" -> ").append(name_of(rule.to));
    text.append(" [label=\"").append(name_of(rule.event));
    if (rule.action != Action::none) text.append(" / ").append(name_of(rule.action));
    text += "\"];\n";
  });
  return text + "}\n";
}

}  // namespace tandemq::failover
