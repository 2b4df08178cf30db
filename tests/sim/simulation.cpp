#include "tests/sim/simulation.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::size_t kAll = SIZE_MAX;
constexpr int kSettlingMax = 3'000;  // Rounds; a run needs some dozens.

}  // namespace

Simulation::Simulation(std::uint64_t seed, Fault fault, std::ostream* story)
    : luck_(seed),
      plan_(plan_for(luck_)),
      fault_(fault),
      story_(story),
      access_(std::make_shared<const Access>(Policy{Anonymous::everywhere, {}, {}})) {
  std::size_t group = 0;
  for (const Role& role : plan_.roles)
    if (role.shares) group = ledger_.add_reader({"the group", role.qos, true, true, {"s/#"}});
  for (const Role& role : plan_.roles) {
    const std::size_t reader =
        role.shares ? group
                    : ledger_.add_reader({role.id, role.qos, role.durable, false, role.filters});
    clients_.emplace_back(role, reader, plan_.config.limits.receive_maximum, luck_, ledger_,
                          SimClient::Ports{[this]() -> Link& { return open_link(); }, story_});
  }
}

Outcome Simulation::run() {
  start();
  while (outcome_.step < plan_.steps && !found()) {
    ++outcome_.step;
    step();
  }
  if (!found()) settle();
  if (!found()) ledger_.judge();
  if (!found()) lose_power();  // The end of the run is the last proof of the log.
  outcome_.findings = ledger_.findings();
  outcome_.messages = ledger_.message_count();
  outcome_.records = records_.size();
  return outcome_;
}

// ---------------------------------------------------------------- the clients and the network

void Simulation::step() {
  if (story_ != nullptr) *story_ << "-- step " << outcome_.step << ", at " << now_.ms << " ms\n";
  const std::uint32_t pause_ms = luck_.below(luck_.once_in(40) ? 20'000 : plan_.step_ms);
  advance(now_.plus_ms(pause_ms));
  if (broken_) return;
  for (SimClient& client : clients_)
    if (luck_.below(3) != 0) client.act(now_, false);
  for (std::size_t i = 0; i < links_.size(); ++i)
    if (luck_.below(3) != 0) feed(*links_[i], 1 + luck_.below(6));
  finish_batch();
  may_lose_power();
  for (SimClient& client : clients_)
    if (luck_.below(3) != 0) drain(client, 1 + luck_.below(8));
  forget_links();
}

Link& Simulation::open_link() {
  links_.push_back(std::make_unique<Link>());
  links_.back()->id = make_connection_id(0, 1, static_cast<std::uint32_t>(by_slot_.size()));
  by_slot_.push_back(links_.back().get());
  return *links_.back();
}

// What has come to the broker of one connection, as events.
void Simulation::feed(Link& link, std::size_t count) {
  if (link.closed_told) return;
  if (!std::exchange(link.opened, true)) {
    auto origin = std::make_unique<Origin>();
    origin->loopback = true;
    primary_->step(Opened{link.id, std::move(origin)}, now_);
  }
  for (; link.asked > 0; --link.asked) primary_->step(SentAll{link.id}, now_);
  for (; count > 0 && !link.up.empty() && !link.closed && link.read; --count) {
    primary_->step(Received{link.id, std::move(link.up.front())}, now_);
    link.up.pop_front();
  }
  if (link.closed) link.up.clear();
  if (!link.closed && !(link.left && link.up.empty())) return;
  link.closed_told = true;
  primary_->step(Closed{link.id, "closed"}, now_);
}

void Simulation::drain(SimClient& client, std::size_t count) {
  Link* const link = client.link();
  if (link == nullptr) return;
  for (; count > 0 && !link->down.empty(); --count) {
    client.take(std::move(link->down.front()), now_);
    link->down.pop_front();
  }
  if (link->down.empty() && link->closed) {
    link->left = true;
    client.lose_link(now_);
  }
}

void Simulation::forget_links() {
  std::erase_if(links_, [this](const std::unique_ptr<Link>& link) {
    const bool gone = link->left && (link->closed_told || (!link->opened && link->up.empty()));
    if (gone) by_slot_[connection_slot(link->id)] = nullptr;
    return gone;
  });
}

// ---------------------------------------------------------------- the shells

// Everything that happens by itself until then, in order.
void Simulation::advance(Instant until) {
  while (!broken_) {
    const Instant reader = readings_.empty() ? Instant::never() : readings_.front().due;
    const Instant next = std::min({writer_->next_due(), reader, primary_->next_due()});
    if (next > until) break;
    now_ = std::max(now_, next);
    if (writer_->next_due() == next) {
      run_writer();
    } else if (reader == next) {
      run_reader();
    } else {
      finish_batch();
    }
    may_lose_power();
  }
  now_ = std::max(now_, until);
}

void Simulation::run_writer() {
  const SlowWriter::Report report = writer_->act(now_);
  outcome_.trimmed = std::max(outcome_.trimmed, store_.first_lsn() - 1);
  if (report.committed) {
    if (story_ != nullptr)
      *story_ << "committed " << *report.committed << " of " << records_.size() << '\n';
    told_ = std::max(told_, *report.committed);
    primary_->committed(*report.committed);
  }
  if (report.tables_written) primary_->tables_written();
  if (report.committed || report.tables_written) finish_batch();
}

void Simulation::run_reader() {
  Reading& reading = readings_.front();
  if (reading.read) {
    primary_->bodies_read(reading.request.number, reading.bodies, reading.lost, now_);
    readings_.pop_front();
    if (story_ != nullptr) *story_ << "bodies were read\n";
    return finish_batch();
  }
  reading.read = true;
  reading.due = now_.plus_ms(luck_.below(20));
  std::vector<std::string> keys;
  for (const MessageId id : reading.request.ids) keys.push_back(message_key(id));
  const std::vector<std::string> rows = store_.get(Table::messages, keys);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (auto body = read_message_row(keys[i], rows[i])) {
      reading.bodies.push_back(std::move(*body));
      ++outcome_.bodies_read;
    } else {
      reading.lost.push_back(reading.request.ids[i]);
    }
  }
}

// As node/runner does it.
void Simulation::finish_batch() {
  if (primary_->next_due() <= now_) primary_->tick(now_);
  if (auto record = primary_->seal(now_, false)) {
    records_.push_back(*record);
    writer_->append(std::move(*record), now_);
  }
  if (auto changes = primary_->take_tables()) writer_->write_tables(std::move(*changes), now_);
  if (auto request = primary_->take_body_request())
    readings_.push_back({std::move(*request), now_.plus_ms(luck_.below(20)), false, {}, {}});
  for (Outputs& outputs : primary_->take_outputs()) carry_out(outputs);
}

void Simulation::carry_out(Outputs& outputs) {
  for (Output& output : outputs.list) {
    Link* const link = by_slot_[connection_slot(output.connection)];
    if (link != nullptr && !link->left) put_down(*link, output, outputs);
    if (link != nullptr && std::holds_alternative<Close>(output.action)) link->closed = true;
  }
}

void Simulation::put_down(Link& link, Output& output, const Outputs& outputs) {
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

// ---------------------------------------------------------------- the power

void Simulation::draw_next_loss() {
  // Often enough it fails again at once, while the node still finds its feet.
  events_to_loss_ = 1 + luck_.below(luck_.once_in(3) ? 8 : 400);
}

void Simulation::may_lose_power() {
  if (power_is_sure_ || broken_ || --events_to_loss_ > 0) return;
  lose_power();
}

void Simulation::lose_power() {
  ++outcome_.power_losses;
  for (SimClient& client : clients_) {
    if (client.link() == nullptr) continue;
    // What had come as far as the client's side of the network arrives.
    if (luck_.once_in(2)) drain(client, luck_.below(client.link()->down.size() + 1));
    if (client.link() != nullptr) client.fail(now_);
  }
  links_.clear();
  by_slot_.clear();
  readings_.clear();
  const std::size_t unsynced = store_.unsynced();
  const std::size_t survivors = luck_.below(unsynced + 1);
  store_.lose_power(survivors);
  if (story_ != nullptr)
    *story_ << "-- the power fails: " << survivors << " of " << unsynced
            << " writes survive, the log ends at " << store_.last_lsn() << ", committed was "
            << told_ << ", sealed " << records_.size() << '\n';
  now_ = now_.plus_ms(luck_.below(luck_.once_in(5) ? 10'000 : 200));
  start();
}

void Simulation::start() {
  primary_.reset();
  writer_.reset();
  state_ = std::make_unique<State>();
  RecoverOptions options;
  options.bodies_max_bytes = plan_.config.memory.bodies_max_bytes;
  const Recovery recovery = recover(store_, *state_, options);
  compare(recovery);
  if (!broken_) adopt(recovery);
}

// The recovered State against the log as it was sealed, against itself, and against the promises.
void Simulation::compare(const Recovery& recovery) {
  outcome_.rows += recovery.rows;
  const Lsn lsn = recovery.position.lsn;
  const std::string bad = report_of(recovery);
  if (!bad.empty()) ledger_.find("recovery: " + bad);
  if (lsn < told_)
    ledger_.find("committed was " + std::to_string(told_) + ", recovered " + std::to_string(lsn));
  if (store_.last_lsn() < recovery.tables_at)
    ledger_.find("the tables stand at " + std::to_string(recovery.tables_at) +
                 ", the log ends at " + std::to_string(store_.last_lsn()));
  if (lsn > records_.size()) ledger_.find("recovered more than was sealed");
  broken_ = !bad.empty() || store_.last_lsn() < recovery.tables_at || lsn > records_.size();
  if (broken_) return;
  records_.resize(lsn);
  told_ = lsn;
  if (replica_.position().lsn > lsn) replica_ = Replica();
  while (replica_.position().lsn < lsn) replica_.take(records_[replica_.position().lsn]);
  for (const std::string& difference : replica_.differences(*state_))
    ledger_.find("recovered from tables and log, against the log alone: " + difference);
  State again;
  if (recover(store_, again, {}).position != recovery.position ||
      again.digest() != state_->digest())
    ledger_.find("a second recovery differs from the first");
  for (const SimClient& client : clients_) client.check(*state_);
  ledger_.check_retained(*state_);
}

void Simulation::adopt(const Recovery& recovery) {
  ++term_.counter;
  primary_ = std::make_unique<Primary>(*state_, plan_.config, access_, term_, recovery.position,
                                       recovery.tables_at);
  writer_.emplace(store_, luck_, fault_, plan_.config.store.log_bytes_max, recovery.tables_at,
                  plan_.writer_lag_ms);
  draw_next_loss();
  primary_->start(now_);
  finish_batch();
}

// ---------------------------------------------------------------- the end

bool Simulation::is_quiet() const {
  if (!readings_.empty()) return false;
  if (!std::all_of(clients_.begin(), clients_.end(),
                   [](const SimClient& client) { return client.is_quiet(); }))
    return false;
  bool quiet = true;
  state_->for_each_session(
      [&](const Session& session) { quiet = quiet && session.outgoing.size() == 0; });
  return quiet;
}

// Everybody comes and takes what there is.
void Simulation::settle() {
  power_is_sure_ = true;
  for (int i = 0; i < kSettlingMax && !found(); ++i) {
    if (is_quiet()) return;
    advance(now_.plus_ms(plan_.writer_lag_ms));
    for (SimClient& client : clients_) client.act(now_, true);
    for (std::size_t link = 0; link < links_.size(); ++link) feed(*links_[link], kAll);
    finish_batch();
    for (SimClient& client : clients_) drain(client, kAll);
    forget_links();
  }
  if (found()) return;
  for (const SimClient& client : clients_)
    if (!client.is_quiet()) ledger_.find(client.role().id + " does not come to rest");
  state_->for_each_session([&](const Session& session) {
    if (session.outgoing.size() > 0)
      ledger_.find("the queue of " + session.client_id + " does not come to an end");
  });
}

}  // namespace tandemq::sim
