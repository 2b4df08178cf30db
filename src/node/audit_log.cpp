#include "node/audit_log.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <asio/post.hpp>
#include <fcntl.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr mode_t kAuditMode = 0640;

std::string errno_words() {
  return std::strerror(errno);
}

}  // namespace

AuditLog::AuditLog(const AuditConfig& config, std::string node_id, Ports ports)
    : config_(config),
      node_id_(std::move(node_id)),
      ports_(std::move(ports)),
      work_(io_.get_executor()),
      mailbox_(kWaitingMax, [this] { asio::post(io_, [this] { drain(); }); }) {}

AuditLog::~AuditLog() {
  if (thread_.joinable()) {
    // Beyond the bound: it is the last one, and says what was lost.
    mailbox_.put({Mark{"audit_stopped", ports_.now()}, turned_away_.exchange(0)});
    ++waiting_;
    work_.reset();
    thread_.join();
  }
  if (file_ > STDERR_FILENO) ::close(file_);
}

Result<void> AuditLog::open() {
  if (!active()) return {};
  if (config_.to == "stderr") file_ = STDERR_FILENO;
  if (config_.to.starts_with('/') && !open_file())
    return failure("audit.to = " + config_.to + " cannot be opened: " + errno_words() +
                   "; it has to be a file that this user may write, in a folder that is there");
  thread_ = std::thread([this] { io_.run(); });
  put_entry(Mark{"audit_started", ports_.now()});
  return {};
}

bool AuditLog::open_file() {
  file_ =
      ::open(config_.to.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kAuditMode);
  return file_ >= 0;
}

void AuditLog::put_entry(Entry&& entry) {
  if (!active()) return;
  if (waiting_.fetch_add(1) >= kWaitingMax) {
    --waiting_;
    ++turned_away_;
    ++lost_;
    return;
  }
  mailbox_.put({std::move(entry), turned_away_.exchange(0)});
}

void AuditLog::reopen() {
  if (!active() || !config_.to.starts_with('/')) return;
  asio::post(io_, [this] {
    drain();
    if (file_ >= 0) ::close(std::exchange(file_, -1));
    torn_ = false;
    if (!open_file()) lose(0, "it cannot be opened: " + errno_words());
  });
}

AuditLog::Counts AuditLog::counts() const {
  return {lines_, lost_};
}

void AuditLog::drain() {
  mailbox_.drain(drained_);
  if (drained_.empty()) return;
  for (Waiting& waiting : drained_) add_line(waiting);
  const auto count = static_cast<std::uint32_t>(drained_.size());
  drained_.clear();
  write_batch();
  waiting_ -= count;
}

void AuditLog::add_line(Waiting& waiting) {
  Json fields;
  if (const auto* event = std::get_if<AuditEvent>(&waiting.entry))
    fields = audit_fields(*event, node_id_);
  if (const auto* call = std::get_if<AdminCall>(&waiting.entry))
    fields = audit_fields(*call, node_id_);
  if (const auto* mark = std::get_if<Mark>(&waiting.entry))
    fields = audit_fields(mark->event, mark->at, node_id_);
  const std::uint64_t lost = waiting.lost_before + std::exchange(unwritten_, 0);
  if (lost > 0) fields["lost"] = lost;
  if (config_.to == "journal") return write_journal(fields);
  if (std::exchange(torn_, false)) batch_ += "\n";
  batch_ += config_.format == "json" ? audit_json(fields) : audit_text(fields);
  batch_ += "\n";
  batch_lines_.push_back({batch_.size(), lost});
}

void AuditLog::write_batch() {
  if (batch_lines_.empty()) return;
  std::size_t written = 0;
  if (file_ < 0 && config_.to != "stderr") open_file();
  while (written < batch_.size()) {
    const ssize_t count = ::write(file_, batch_.data() + written, batch_.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  const std::string why = written < batch_.size() ? errno_words() : "";
  std::uint64_t lost = 0;      // Lines of this batch.
  std::uint64_t foretold = 0;  // Of those before it that one of them was to tell of.
  std::size_t whole = 0;       // Where the last line ends that was written.
  for (const Line& line : batch_lines_) {
    if (line.end <= written) {
      whole = line.end;
    } else {
      ++lost;
      foretold += line.lost;
    }
  }
  lines_ += batch_lines_.size() - lost;
  batch_lines_.clear();
  batch_.clear();
  if (lost == 0) return void(failing_ = false);
  torn_ = written > whole;
  unwritten_ += foretold;
  lose(lost, "it cannot be written: " + why);
  if (config_.to != "stderr" && file_ >= 0) ::close(std::exchange(file_, -1));  // Anew next time.
}

void AuditLog::write_journal(const Json& fields) {
  const std::vector<std::string> lines = audit_journal(fields);
  std::vector<iovec> parts;
  for (const std::string& line : lines)
    parts.push_back({const_cast<char*>(line.data()), line.size()});
  const int error = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  if (error == 0) {
    ++lines_;
    failing_ = false;
    return;
  }
  unwritten_ += fields.value("lost", std::uint64_t{0});
  lose(1, "the journal does not take it: " + std::string(std::strerror(-error)));
}

// Said once, and again when it has worked in between.
void AuditLog::lose(std::uint64_t count, const std::string& why) {
  unwritten_ += count;
  lost_ += count;
  if (std::exchange(failing_, true)) return;
  ports_.warn("audit.to = " + config_.to + ": " + why + "; lines are lost, and counted");
}

}  // namespace tandemq
