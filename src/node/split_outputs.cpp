#include "node/split_outputs.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

void split_outputs(Outputs&& outputs, std::vector<Outputs>& by_sink) {
  constexpr std::uint32_t kNone = UINT32_MAX;
  // Receivers of one message stand together, so remembering the last body is enough.
  std::vector<std::uint32_t> last_body(by_sink.size(), kNone);
  for (Output& output : outputs.list) {
    const std::size_t sink = connection_sink(output.connection);
    if (by_sink.size() <= sink) by_sink.resize(sink + 1);
    if (last_body.size() <= sink) last_body.resize(sink + 1, kNone);
    Outputs& into = by_sink[sink];
    if (auto* delivery = std::get_if<Deliver>(&output.action)) {
      if (std::exchange(last_body[sink], delivery->body) != delivery->body) {
        into.bodies.push_back(outputs.bodies[delivery->body]);
      }
      delivery->body = static_cast<std::uint32_t>(into.bodies.size() - 1);
    }
    into.list.push_back(std::move(output));
  }
  outputs.clear();
}

bool have_one_sink(const Outputs& outputs) {
  return std::all_of(outputs.list.begin(), outputs.list.end(), [&](const Output& output) {
    return connection_sink(output.connection) == connection_sink(outputs.list.front().connection);
  });
}

}  // namespace tandemq
