#include "broker/connection.hpp"

#include "base/ensure.hpp"

namespace tandemq {

Connection& Connections::open(ConnectionId id) {
  const std::size_t sink = connection_sink(id);
  const std::size_t slot = connection_slot(id);
  if (slots_.size() <= sink) slots_.resize(sink + 1);
  if (slots_[sink].size() <= slot) slots_[sink].resize(slot + 1);
  ENSURE(!slots_[sink][slot], "a connection is opened once and closed before its slot is reused");
  auto connection = std::make_unique<Connection>();
  connection->id = id;
  ++size_;
  return *(slots_[sink][slot] = std::move(connection));
}

void Connections::close(ConnectionId id) {
  ENSURE(find(id) != nullptr, "only an open connection can be closed");
  slots_[connection_sink(id)][connection_slot(id)].reset();
  --size_;
}

const Connection* Connections::find(ConnectionId id) const {
  const std::size_t sink = connection_sink(id);
  const std::size_t slot = connection_slot(id);
  if (sink >= slots_.size() || slot >= slots_[sink].size()) return nullptr;
  const Connection* connection = slots_[sink][slot].get();
  return connection != nullptr && connection->id == id ? connection : nullptr;
}

Connection* Connections::find(ConnectionId id) {
  return const_cast<Connection*>(std::as_const(*this).find(id));
}

const Connection* Connections::of(SessionId session) const {
  return index(session) < by_session_.size() ? by_session_[index(session)] : nullptr;
}

Connection* Connections::of(SessionId session) {
  return const_cast<Connection*>(std::as_const(*this).of(session));
}

void Connections::bind(SessionId session, Connection* connection) {
  if (by_session_.size() <= index(session)) by_session_.resize(index(session) + 1);
  by_session_[index(session)] = connection;
}

void Connections::for_each(const std::function<void(Connection&)>& visit) {
  for (auto& sink : slots_)
    for (std::size_t slot = 0; slot < sink.size(); ++slot)
      if (sink[slot]) visit(*sink[slot]);
}

void Connections::for_each(const std::function<void(const Connection&)>& visit) const {
  for (const auto& sink : slots_)
    for (const auto& connection : sink)
      if (connection) visit(*connection);
}

}  // namespace tandemq
