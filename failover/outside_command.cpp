#include "failover/outside_command.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kWordsOfAShell = "'\"`$|&;<>()*?\\~#";
constexpr std::size_t kOutputBytes = 4096;
constexpr int kFirstInherited = 3;  // Descriptors from here on are ours alone.

// What posix_spawn() shall do in the child before the program begins.
class SpawnPlan {
 public:
  explicit SpawnPlan(int output) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, kFirstInherited);
    ::posix_spawnattr_init(&attributes);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
};

// 0, and the process in `pid`; or the number of an error.
int spawn(std::vector<std::string> words, int output, pid_t& pid) {
  const SpawnPlan plan(output);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return ::posix_spawn(&pid, arguments[0], &plan.files, &plan.attributes, arguments.data(),
                       environ);
}

// The C library of Debian 12 declares pidfd_open() for C alone.
int open_pidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

std::string what_happened(int status) {
  if (WIFEXITED(status)) return "it ended with exit code " + std::to_string(WEXITSTATUS(status));
  return "it was ended by signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

Result<std::vector<std::string>> parse_command(const std::string& text) {
  if (text.find_first_of(kWordsOfAShell) != std::string::npos)
    return failure("'" + text +
                   "': expected a program and its arguments, separated by blanks, without quotes, "
                   "variables or wildcards; write what needs a shell into a script and name that");
  std::vector<std::string> words;
  std::size_t begin = text.find_first_not_of(kBlanks);
  while (begin != std::string::npos) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  if (words.empty() || !words[0].starts_with('/'))
    return failure("'" + text + "': expected the whole path of a program, then its arguments");
  if (::access(words[0].c_str(), X_OK) != 0)
    return failure("'" + text + "': " + words[0] + " cannot be run: " + std::strerror(errno));
  return words;
}

// Its end is what the kernel says through a pidfd; nothing here waits for a signal.
struct OutsideCommand::Process : std::enable_shared_from_this<Process> {
  explicit Process(asio::io_context& io) : output(io), end(io), timer(io) {}
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::string start(const std::vector<std::string>& words);
  void watch(std::uint32_t timeout_ms);
  void read();
  void keep(std::size_t size);
  void read_rest();
  void reap();
  void kill() const;
  void finish(bool succeeded, std::string what);

  asio::posix::stream_descriptor output;  // Our end of the pipe.
  asio::posix::stream_descriptor end;     // A pidfd: readable when the process has ended.
  asio::steady_timer timer;
  pid_t pid = 0;  // 0: not started, or reaped.
  std::string text;
  std::array<char, kOutputBytes> incoming;
  Done done;  // Null: nobody waits any more.
};

// The io_context has gone before the process.
OutsideCommand::Process::~Process() {
  if (pid == 0) return;
  kill();
  ::waitpid(pid, nullptr, 0);
}

// Empty, or why there is no process.
std::string OutsideCommand::Process::start(const std::vector<std::string>& words) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return std::strerror(errno);
  output.assign(pipe[0]);
  const int error = spawn(words, pipe[1], pid);
  ::close(pipe[1]);
  if (error != 0) pid = 0;
  if (error != 0) return std::strerror(error);
  const int descriptor = open_pidfd(pid);
  if (descriptor < 0) return std::strerror(errno);
  end.assign(descriptor);
  return {};
}

void OutsideCommand::Process::watch(std::uint32_t timeout_ms) {
  const auto self = shared_from_this();
  end.async_wait(asio::posix::stream_descriptor::wait_read, [self](const asio::error_code& error) {
    if (!error) self->reap();
  });
  timer.expires_after(std::chrono::milliseconds(timeout_ms));
  timer.async_wait([self, timeout_ms](const asio::error_code& error) {
    if (error || !self->done) return;
    self->kill();
    self->finish(false,
                 "it did not end within " + std::to_string(timeout_ms) + " ms and was killed");
  });
  read();
}

// All along, or a program that says much would wait for us.
void OutsideCommand::Process::read() {
  output.async_read_some(
      asio::buffer(incoming),
      [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
        self->keep(size);
        if (!error && self->done) self->read();
      });
}

void OutsideCommand::Process::keep(std::size_t size) {
  text.append(incoming.data(), std::min(size, kOutputBytesMax - text.size()));
}

// Not until its end: a process that it has left behind may hold the pipe for ever.
void OutsideCommand::Process::read_rest() {
  asio::error_code error;
  output.non_blocking(true, error);
  while (!error && text.size() < kOutputBytesMax)
    keep(output.read_some(asio::buffer(incoming), error));
}

void OutsideCommand::Process::reap() {
  int status = 0;
  const bool known = ::waitpid(pid, &status, 0) == pid;
  pid = 0;
  read_rest();
  if (!known) return finish(false, "it ended, and its exit code is lost");
  finish(WIFEXITED(status) && WEXITSTATUS(status) == 0, what_happened(status));
}

void OutsideCommand::Process::kill() const {
  if (pid != 0) ::kill(-pid, SIGKILL);
}

void OutsideCommand::Process::finish(bool succeeded, std::string what) {
  asio::error_code ignored;
  output.close(ignored);
  timer.cancel();
  const Done last = std::exchange(done, nullptr);
  if (last) last({succeeded, std::move(what), std::move(text)});
}

OutsideCommand::OutsideCommand(asio::io_context& io) : io_(io) {}

OutsideCommand::~OutsideCommand() {
  cancel();
}

void OutsideCommand::run(const std::vector<std::string>& words, std::uint32_t timeout_ms,
                         Done done) {
  ENSURE(!words.empty() && !is_running(), "one command runs at a time, and it has a name");
  process_ = std::make_shared<Process>(io_);
  process_->done = std::move(done);
  const std::string error = process_->start(words);
  if (error.empty()) return process_->watch(timeout_ms);
  process_->kill();
  asio::post(io_, [process = process_, error] {
    process->finish(false, "it could not be started: " + error);
  });
}

void OutsideCommand::cancel() {
  if (!is_running()) return;
  const Done last = std::exchange(process_->done, nullptr);  // It may own us.
  process_->kill();
  process_->finish(false, {});
}

bool OutsideCommand::is_running() const {
  return process_ && process_->done;
}

}  // namespace tandemq
