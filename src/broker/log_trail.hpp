// LogTrail: what the log says of one client, as rows of its history. It is fed records in order,
// beginning anywhere; what was queued before that it does not know, and then it does not guess.
// Owned by one question; the thread that reads the log for it.
#pragma once

#include "broker/history.hpp"
#include "journal/record.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace tandemq {

class LogTrail {
 public:
  // `session` is the one that the client has now, none if it has none. Keeps the last `rows_max`.
  LogTrail(std::string client_id, SessionId session, std::size_t rows_max)
      : client_id_(std::move(client_id)), session_(session), rows_max_(rows_max) {}

  void take(const OpenedRecord& record);
  [[nodiscard]] const std::deque<HistoryRow>& rows() const { return rows_; }  // Oldest first.

 private:
  struct Step;
  // A message on its way to the client.
  struct Underway {
    MessageId message{};
    std::string topic;  // Empty: not known.
    mqtt::QoS qos{};
    bool known = false;
    bool released = false;
    std::uint64_t sequence = 0;
  };

  HistoryRow& add(const OpenedRecord& record, Happening what);
  void add(const OpenedRecord& record, Happening what, std::uint16_t packet_id,
           const Underway& underway);
  void begin(SessionId session);
  Underway take_sequence(std::uint64_t sequence);

  std::string client_id_;
  SessionId session_;
  bool assumed_ = true;  // The log has not said yet that the session is the client's.
  std::size_t rows_max_;
  std::deque<HistoryRow> rows_;
  bool whole_ = false;                          // All that is queued is in queue_.
  std::map<std::uint64_t, Underway> queue_;     // By sequence.
  std::map<std::uint16_t, Underway> inflight_;  // By packet id.
};

}  // namespace tandemq
