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
                          SimClient::Ports{[this] { return &front_->open(); }, story_});
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
  for (const auto& link : front_->links())
    if (luck_.below(3) != 0) Front::feed(*primary_, *link, 1 + luck_.below(6), now_);
  finish_batch();
  may_lose_power();
  for (SimClient& client : clients_)
    if (luck_.below(3) != 0) drain(client, 1 + luck_.below(8));
  front_->forget_gone();
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

// ---------------------------------------------------------------- the shells

// Everything that happens by itself until then, in order.
void Simulation::advance(Instant until) {
  while (!broken_) {
    const Instant next = std::min({writer_->next_due(), reader_->next_due(), primary_->next_due()});
    if (next > until) break;
    now_ = std::max(now_, next);
    if (writer_->next_due() == next) {
      run_writer();
    } else if (reader_->next_due() == next) {
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
  if (report.progress) {
    const Lsn committed = report.progress->flushed;
    if (story_ != nullptr)
      *story_ << "committed " << committed << " of " << records_.size() << '\n';
    told_ = std::max(told_, committed);
    primary_->committed(committed);
  }
  if (report.tables_written) primary_->tables_written();
  if (report.progress || report.tables_written) finish_batch();
}

void Simulation::run_reader() {
  if (!reader_->act(*primary_, now_)) return;
  if (story_ != nullptr) *story_ << "bodies were read\n";
  finish_batch();
}

// As node/runner does it.
void Simulation::finish_batch() {
  if (primary_->next_due() <= now_) primary_->tick(now_);
  if (auto record = primary_->seal(now_, false)) {
    records_.push_back(*record);
    writer_->append(std::move(*record), now_);
  }
  if (auto changes = primary_->take_tables()) writer_->write_tables(std::move(*changes), now_);
  if (auto request = primary_->take_body_request()) reader_->ask(std::move(*request), now_);
  for (Outputs& outputs : primary_->take_outputs()) front_->carry_out(outputs);
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
  front_.reset();
  if (reader_) outcome_.bodies_read += reader_->bodies_read();
  reader_.reset();
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

// As Node::lead() does it: the term is on the disk before anything is done in it.
void Simulation::adopt(const Recovery& recovery) {
  ++term_.counter;
  primary_ = std::make_unique<Primary>(*state_, plan_.config, access_, term_, recovery.position,
                                       recovery.tables_at);
  primary_->start(now_);
  const auto record = primary_->seal(now_);
  records_.push_back(*record);
  store_.append({&*record, 1});
  store_.sync();
  told_ = record->position.lsn;
  primary_->committed(told_);
  writer_.emplace(store_, luck_, fault_, plan_.config.store.log_bytes_max, recovery.tables_at,
                  plan_.writer_lag_ms);
  reader_.emplace(store_, luck_);
  front_.emplace();
  draw_next_loss();
  finish_batch();
}

// ---------------------------------------------------------------- the end

bool Simulation::is_quiet() const {
  if (!reader_->is_idle()) return false;
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
    for (const auto& link : front_->links()) Front::feed(*primary_, *link, kAll, now_);
    finish_batch();
    for (SimClient& client : clients_) drain(client, kAll);
    front_->forget_gone();
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
