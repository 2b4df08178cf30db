// The sentences of explain.hpp.
#include "broker/explain.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tandemq {
namespace {

std::string count_of(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string are(std::uint64_t count) {
  return count == 1 ? " is" : " are";
}

const HistoryRow* last_of(const std::vector<HistoryRow>& rows, Happening what) {
  const auto found = std::find_if(rows.rbegin(), rows.rend(),
                                  [&](const HistoryRow& row) { return row.what == what; });
  return found == rows.rend() ? nullptr : &*found;
}

// A delivery that was released has no message any more, but the packet id of its PUBLISH.
std::string topic_of(const DeliveryReport& delivery, const std::vector<HistoryRow>& rows) {
  if (delivery.message) return delivery.message->topic;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    const bool same = delivery.id != MessageId::none
                          ? row->message == delivery.id && is_about_message(row->what)
                          : row->what == Happening::publish_out && delivery.packet_id != 0 &&
                                row->number == delivery.packet_id;
    if (same && !row->text.empty()) return row->text;
  }
  return {};
}

std::string quoted_topic(const DeliveryReport& delivery, const std::vector<HistoryRow>& rows) {
  const std::string topic = topic_of(delivery, rows);
  return topic.empty() ? "" : ", topic '" + topic + "'";
}

std::string presence(const Present& present, const std::vector<HistoryRow>& rows, ShowTime show) {
  const std::string who = "The client '" + present.client_id + "' ";
  if (!present.session && rows.empty())
    return who +
           "has no session, and neither the log nor the events mention it: it was never "
           "here, or it is long ago.";
  if (!present.session) {
    const HistoryRow* ended = last_of(rows, Happening::ended);
    const HistoryRow* refused = last_of(rows, Happening::refused);
    if (refused != nullptr && (ended == nullptr || refused->at > ended->at))
      return who + "has no session: its CONNECT was refused at " + show(refused->at.ms) + ", " +
             detail_of(*refused) + ".";
    if (ended == nullptr) return who + "has no session: nothing is kept for it.";
    return who + "has no session: it ended at " + show(ended->at.ms) +
           "; what is published now is not kept for it.";
  }
  if (present.client)
    return who + "is connected since " + show(present.client->connected_at.ms) + " from " +
           present.client->address + " (MQTT " + std::string(present.client->protocol) + ").";
  const Instant expires = present.session->expires_at;
  return who + "is away since " + show(present.session->suspended_at.ms) +
         "; its session waits for it" +
         (expires.is_never() ? "." : " until " + show(expires.ms) + ".");
}

std::string inflight_sentence(const DeliveryReport& delivery, const std::vector<HistoryRow>& rows,
                              bool away, ShowTime show) {
  const bool released = delivery.phase == DeliveryPhase::released;
  const Happening since = released ? Happening::pubrec_in : Happening::publish_out;
  const auto sent = std::find_if(rows.rbegin(), rows.rend(), [&](const HistoryRow& row) {
    return row.what == since && row.number == delivery.packet_id;
  });
  std::string text = "Packet id " + std::to_string(delivery.packet_id) + " (QoS " +
                     std::to_string(static_cast<int>(delivery.qos)) + quoted_topic(delivery, rows) +
                     ") ";
  text += released ? "was received by it" : "was sent";
  if (sent != rows.rend()) text += " at " + show(sent->at.ms);
  text += released                                   ? " and waits for PUBCOMP"
          : delivery.qos == mqtt::QoS::at_least_once ? " and waits for PUBACK"
                                                     : " and waits for PUBREC";
  return text + (away ? "; it is sent again when the client is back." : ".");
}

std::string why_it_waits(const Present& present, ShowTime show) {
  if (!present.client) return "the client is away since " + show(present.session->suspended_at.ms);
  const std::uint32_t window = std::min(present.receive_maximum, present.inflight_max);
  if (present.outstanding >= window) {
    const std::string limit = present.receive_maximum <= present.inflight_max
                                  ? "its Receive Maximum is "
                                  : "limits.max_inflight is ";
    return count_of(present.outstanding, "message") + are(present.outstanding) + " in flight and " +
           limit + std::to_string(window);
  }
  if (present.oldest_on_disk) return "it is on disk, being read";
  return "it is about to be sent";
}

std::string queue_sentence(const Present& present, const std::vector<HistoryRow>& rows,
                           ShowTime show) {
  const DeliveryReport& oldest = *present.oldest;
  const std::size_t count = present.session->queued_count;
  const auto queued = std::find_if(rows.rbegin(), rows.rend(), [&](const HistoryRow& row) {
    return row.what == Happening::queued && row.message == oldest.id &&
           row.message != MessageId::none;
  });
  std::string text = count_of(count, "message") + (count == 1 ? " waits" : " wait");
  if (oldest.message) {
    text += ", the oldest since " + show(oldest.message->published_at.ms);
  } else if (queued != rows.rend()) {
    text += ", the oldest since " + show(queued->at.ms);
  }
  text += quoted_topic(oldest, rows);
  return text + ": " + why_it_waits(present, show) + ".";
}

std::string_view meaning(DropReason reason) {
  switch (reason) {
    case DropReason::queue_full:
      return "its queue was full (limits.max_queued_messages, limits.max_queued_bytes)";
    case DropReason::expired:
      return "their Message Expiry Interval ran out before they could be sent";
    case DropReason::packet_too_large:
      return "larger than the Maximum Packet Size that the client asked for";
    case DropReason::outbox_full:
      return "QoS 0, and the client reads too slowly (limits.outbox_bytes)";
    case DropReason::not_authorized:
      return "the ACL denies the topic to the client";
    case DropReason::refused:
      return "the client published them and they were not valid";
    case DropReason::session_ended:
      return "they waited for a session that ended";
    case DropReason::purged:
      return "an operator emptied the queue";
    case DropReason::damaged:
      return "they could not be read back from the disk";
    case DropReason::disk_full:
      return "the disk of the broker was nearly full";
    case DropReason::count:
      break;
  }
  return "";
}

void add_losses(const std::vector<HistoryRow>& rows, ShowTime show,
                std::vector<std::string>& sentences) {
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count)> drops{};
  std::array<Instant, drops.size()> last{};
  std::uint64_t passed_over = 0;
  for (const HistoryRow& row : rows) {
    if (row.what == Happening::passed_over) ++passed_over;
    if (row.what != Happening::dropped || row.detail >= drops.size()) continue;
    drops[row.detail] += 1 + static_cast<std::uint64_t>(row.number);
    last[row.detail] = row.at;
  }
  for (std::size_t i = 0; i < drops.size(); ++i) {
    if (drops[i] == 0) continue;
    const auto reason = static_cast<DropReason>(i);
    sentences.push_back(count_of(drops[i], "message") + (drops[i] == 1 ? " was" : " were") +
                        " dropped (" + std::string(name(reason)) + "), the last at " +
                        show(last[i].ms) + ": " + std::string(meaning(reason)) + ".");
  }
  if (passed_over > 0)
    sentences.push_back(count_of(passed_over, "message") +
                        " of QoS 0 came while it was not "
                        "connected and " +
                        (passed_over == 1 ? "was" : "were") +
                        " not kept: mqtt.queue_qos0 is off, or the session does not outlive its "
                        "connection.");
}

}  // namespace

std::vector<std::string> conclude(const Present& present, const std::vector<HistoryRow>& rows,
                                  ShowTime show) {
  std::vector<std::string> sentences{presence(present, rows, show)};
  add_losses(rows, show, sentences);
  if (!present.session) return sentences;
  const SessionReport& session = *present.session;
  if (session.subscriptions == 0)
    sentences.push_back("It has no subscriptions: nothing is sent to it.");
  if (session.inflight_count > 0) {
    sentences.push_back(count_of(session.inflight_count, "message") + are(session.inflight_count) +
                        " in flight.");
    for (const DeliveryReport& delivery : present.inflight)
      sentences.push_back(inflight_sentence(delivery, rows, !present.client, show));
  }
  if (present.oldest) sentences.push_back(queue_sentence(present, rows, show));
  if (present.queue_full)
    sentences.push_back("Its queue is full: limits.queue_full says what becomes of more.");
  if (present.disk_low)
    sentences.push_back("The disk of the broker is nearly full: nothing new is stored.");
  if (session.inflight_count == 0 && !present.oldest)
    sentences.push_back("Nothing is in flight to it and nothing waits.");
  return sentences;
}

std::vector<std::string> conclude_topic(const Present& present, const std::string& topic,
                                        const std::vector<SubscriptionReport>& matching) {
  if (!present.session) return {};
  if (matching.empty())
    return {"None of its " + count_of(present.session->subscriptions, "subscription") +
            " matches '" + topic + "': it does not get it."};
  std::vector<std::string> sentences;
  std::uint8_t qos = 0;
  for (const SubscriptionReport& one : matching) {
    if (one.granted) qos = std::max(qos, one.options.qos);
    std::string text = "'" + one.filter + "' (QoS " + std::to_string(one.options.qos) +
                       ") matches '" + topic + "'";
    if (one.options.no_local) text += "; No Local: not what the client itself publishes";
    if (one.filter.starts_with("$share/"))
      text += "; it is shared: each message goes to one client of the group";
    if (!one.granted) text += "; the ACL does not grant it any more: it gives nothing";
    sentences.push_back(text + ".");
  }
  if (present.may_receive == false)
    sentences.push_back("But the ACL denies '" + topic + "' to the client: it is dropped.");
  if (!present.client && qos == 0 && !present.queue_qos0)
    sentences.push_back("The client is away, and QoS 0 is not kept: mqtt.queue_qos0 is off.");
  return sentences;
}

}  // namespace tandemq
