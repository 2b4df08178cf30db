#include "tests/replication/feed_lab.hpp"

#include <algorithm>
#include <utility>

#include <doctest/doctest.h>

namespace tandemq::tests {

ReplicationConfig feed_config(ReplicationMode mode) {
  ReplicationConfig config;
  config.heartbeat_ms = config.timeout_ms / 4;
  config.listen = "127.0.0.1:1";
  config.peer = "127.0.0.1:2";
  config.mode = mode;
  config.timeout_ms = 2'000;
  return config;
}

SampleLog FeedLab::log_of(Lsn before) {
  SampleLog log;
  log.begin_term({1, 1});
  while (log.end().lsn < before) log.add_idle();
  return log;
}

FeedLab::FeedLab(const ReplicationConfig& config, Lsn before)
    : log(log_of(before)), feed(log.state, config, Term{2, 1}, log.end(), false, 500) {
  append(log.begin_term({2, 1}));
}

void FeedLab::append(std::size_t size) {
  append(log.add_idle(size));
}

void FeedLab::append(const Record& record) {
  feed.append(record, now);
  feed.local(record.position.lsn, record.position.lsn);
}

void FeedLab::pass(std::int64_t ms) {
  const Instant until = now.plus_ms(ms);
  while (feed.next_due() <= until) {
    const Instant due = std::max(now, feed.next_due());
    now = due;
    feed.tick(now);
    REQUIRE_MESSAGE(feed.next_due() > due, "a tick that changes nothing is due again at once");
  }
  now = until;
}

Hello FeedLab::hello(Lsn lsn) const {
  Hello hello;
  hello.end = log.position(lsn);
  hello.history = log.history(lsn);
  hello.tables_at = lsn;
  hello.term_seen = hello.end.term;
  return hello;
}

void FeedLab::acknowledge(Lsn received, Lsn written, Lsn flushed) {
  feed.take(Durable{received, written, flushed}, now);
}

void FeedLab::pair() {
  connect();
  acknowledge();
  REQUIRE(feed.wish() == Feed::Wish::pair);
  feed.grant(now);
  frames();
}

void FeedLab::answer(FeedAnswer::What what) {
  feed.answer({link, std::move(what)}, now);
}

void FeedLab::answer_log(Lsn from, Lsn last) {
  answer(LogPiece{from, log.bytes(from, last)});
}

Welcome FeedLab::welcome() {
  const auto welcomes = frames<Welcome>();
  REQUIRE(welcomes.size() == 1);
  return welcomes.front();
}

FeedRequest FeedLab::request() {
  const auto requests = feed.take_requests();
  REQUIRE(requests.size() == 1);
  link = requests.front().link;
  return requests.front();
}

}  // namespace tandemq::tests
