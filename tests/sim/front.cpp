#include "tests/sim/front.hpp"

#include <utility>

namespace tandemq::sim {

Link& Front::open() {
  links_.push_back(std::make_unique<Link>());
  links_.back()->id = make_connection_id(0, 1, static_cast<std::uint32_t>(by_slot_.size()));
  by_slot_.push_back(links_.back().get());
  return *links_.back();
}

void Front::feed(Primary& primary, Link& link, std::size_t count, Instant now) {
  if (link.closed_told) return;
  if (!std::exchange(link.opened, true)) {
    auto origin = std::make_unique<Origin>();
    origin->loopback = true;
    primary.step(Opened{link.id, std::move(origin)}, now);
  }
  for (; link.asked > 0; --link.asked) primary.step(SentAll{link.id}, now);
  for (; count > 0 && !link.up.empty() && !link.closed && link.read; --count) {
    primary.step(Received{link.id, std::move(link.up.front())}, now);
    link.up.pop_front();
  }
  if (link.closed) link.up.clear();
  if (!link.closed && !(link.left && link.up.empty())) return;
  link.closed_told = true;
  primary.step(Closed{link.id, "closed"}, now);
}

void Front::carry_out(Outputs& outputs) {
  for (Output& output : outputs.list) {
    Link* const link = by_slot_[connection_slot(output.connection)];
    if (link != nullptr && !link->left) put_down(*link, output, outputs);
    if (link != nullptr && std::holds_alternative<Close>(output.action)) link->closed = true;
  }
}

void Front::put_down(Link& link, Output& output, const Outputs& outputs) {
  if (const auto* delivery = std::get_if<Deliver>(&output.action)) {
    const Message& body = *outputs.bodies[delivery->body];
    mqtt::Publish packet;
    packet.dup = delivery->dup;
    packet.qos = delivery->qos;
    packet.retain = delivery->retain;
    packet.packet_id = delivery->packet_id;
    packet.topic = body.topic;
    packet.payload = body.payload;
    link.down.emplace_back(std::move(packet));
  }
  if (auto* ack = std::get_if<mqtt::Ack>(&output.action)) link.down.emplace_back(std::move(*ack));
  if (auto* other = std::get_if<OtherPacket>(&output.action))
    link.down.emplace_back(std::move(**other));
  if (const auto* read = std::get_if<ReadFrom>(&output.action)) link.read = read->enabled;
  if (std::holds_alternative<NotifyWhenSent>(output.action)) ++link.asked;
}

void Front::forget_gone() {
  std::erase_if(links_, [this](const std::unique_ptr<Link>& link) {
    const bool gone = link->left && (link->closed_told || (!link->opened && link->up.empty()));
    if (gone) by_slot_[connection_slot(link->id)] = nullptr;
    return gone;
  });
}

}  // namespace tandemq::sim
