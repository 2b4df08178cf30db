#include "failover/role_history.hpp"

#include "config/files.hpp"
#include "failover/rules.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace tandemq::failover {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr std::size_t kLinesMax = 2 * RoleHistory::kKept;  // Then the file is made anew.

// All of it in one write, or an error.
bool write_to(const std::string& path, int how, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, kFileMode);
  if (file < 0) return false;
  const ssize_t count = ::write(file, bytes.data(), bytes.size());
  const int error = count < 0 ? errno : ENOSPC;
  ::close(file);
  errno = error;
  return count == static_cast<ssize_t>(bytes.size());
}

}  // namespace

// What begins a process or a life is no change, and neither is a note.
void RoleCounts::add(const RoleEvent& event) {
  if (event.from.empty() || event.from == event.to) return;
  ++changes;
  if (event.event == name_of(Event::serves)) ++leads;
}

RoleHistory::RoleHistory(const std::string& folder,
                         std::function<void(const std::string&)> complain)
    : path_(folder + "/role.events"), complain_(std::move(complain)) {
  read();
}

void RoleHistory::read() {
  std::error_code error;
  sound_ = false;  // Without a file it begins with its head.
  if (!std::filesystem::exists(path_, error)) return;
  const auto text = read_text_file(path_);
  if (!text) return complain_(text.error().text + ": the role changes of before are not known");
  RoleEventsRead found = read_role_events(*text);
  sound_ = found.damaged == 0 && !text->empty();
  lines_ = found.events.size();
  events_.assign(found.events.begin(), found.events.end());
  while (events_.size() > kKept) events_.pop_front();
  if (found.damaged > 0)
    complain_(path_ + " was damaged: " + std::to_string(found.damaged) +
              " of its lines cannot be used, the others are kept");
}

void RoleHistory::add(RoleEvent event) {
  const std::string line = line_of(event);
  events_.push_back(std::move(event));
  if (events_.size() > kKept) events_.pop_front();
  if (sound_ && lines_ < kLinesMax) {
    append(line);
  } else {
    write_anew();
  }
}

void RoleHistory::append(const std::string& line) {
  ++lines_;
  if (write_to(path_, O_APPEND, line)) return;
  sound_ = false;  // A part of the line may stand there.
  give_up("written");
}

void RoleHistory::write_anew() {
  std::string text(kRoleEventsHead);
  for (const RoleEvent& event : events_) text += line_of(event);
  const std::string next = path_ + ".new";
  if (!write_to(next, O_TRUNC, text)) return give_up("made");
  if (::rename(next.c_str(), path_.c_str()) != 0) return give_up("replaced");
  lines_ = events_.size();
  sound_ = true;
  complained_ = false;
}

void RoleHistory::give_up(const char* what) {
  const std::string why = std::strerror(errno);
  if (std::exchange(complained_, true)) return;
  complain_(path_ + " cannot be " + what + ": " + why +
            ": 'tandemqctl events' may lack something after a restart");
}

}  // namespace tandemq::failover
