// peer_address: an end of a connection as text, as the log and the errors show it.
// Plain values; any thread.
#pragma once

#include <string>

#include <asio/ip/tcp.hpp>

namespace tandemq {

// "127.0.0.1:7400", "[::1]:7400".
std::string text_of(const asio::ip::tcp::endpoint& endpoint);

}  // namespace tandemq
