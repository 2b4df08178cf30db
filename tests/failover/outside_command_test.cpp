#include "failover/outside_command.hpp"

#include "tests/store/samples.hpp"

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tandemq {
namespace {

using tests::TempFolder;

constexpr std::uint32_t kPatience_ms = 20'000;

std::vector<std::string> shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

CommandEnd end_of(const std::vector<std::string>& words, std::uint32_t timeout_ms = kPatience_ms) {
  asio::io_context io;
  OutsideCommand command(io);
  std::optional<CommandEnd> end;
  command.run(words, timeout_ms, [&](const CommandEnd& told) { end = told; });
  CHECK(command.is_running());
  io.run();
  CHECK_FALSE(command.is_running());
  REQUIRE(end.has_value());
  return *end;
}

}  // namespace

TEST_CASE("a command that ends with 0 has succeeded, and what it said is kept") {
  const CommandEnd end = end_of(shell("echo out; echo err >&2"));
  CHECK(end.succeeded);
  CHECK(end.what == "it ended with exit code 0");
  CHECK(end.output == "out\nerr\n");
}

TEST_CASE("another exit code, a signal, and a program that is not there are failures") {
  const CommandEnd code = end_of(shell("exit 3"));
  CHECK_FALSE(code.succeeded);
  CHECK(code.what == "it ended with exit code 3");
  const CommandEnd signal = end_of(shell("kill -9 $$"));
  CHECK_FALSE(signal.succeeded);
  CHECK(signal.what == "it was ended by signal 9");
  const CommandEnd nothing = end_of({"/nowhere/program"});
  CHECK_FALSE(nothing.succeeded);
  CHECK(nothing.what == "it could not be started: No such file or directory");
}

TEST_CASE("a command that takes too long is killed, and what it has started too") {
  const TempFolder folder;
  const std::string pipe = folder.path() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  // The child of the command waits for ever, and holds the pipe open as long as it lives.
  const CommandEnd end = end_of(shell("exec 3>" + pipe + "; (read x <" + pipe + ") & wait"), 200);
  CHECK_FALSE(end.succeeded);
  CHECK(end.what == "it did not end within 200 ms and was killed");
  pollfd hang_up{reader, 0, 0};
  CHECK(::poll(&hang_up, 1, static_cast<int>(kPatience_ms)) == 1);
  CHECK((hang_up.revents & POLLHUP) != 0);
  ::close(reader);
}

TEST_CASE("a command's words are handed over as they are, and no shell reads them") {
  const CommandEnd end = end_of({"/bin/echo", "a b", "$HOME", "*"});
  CHECK(end.output == "a b $HOME *\n");
}

TEST_CASE("a command that says more than is kept is not held up") {
  const CommandEnd end = end_of(shell("head -c 1000000 /dev/zero | tr '\\0' x; exit 7"));
  CHECK(end.what == "it ended with exit code 7");
  CHECK(end.output == std::string(OutsideCommand::kOutputBytesMax, 'x'));
}

TEST_CASE("a command gets none of our descriptors, an empty input and its own process group") {
  const int ours = ::open("/dev/null", O_RDONLY);  // Without O_CLOEXEC, as a library may.
  REQUIRE(ours > 2);
  const CommandEnd end = end_of(
      shell("[ -e /dev/fd/" + std::to_string(ours) + " ] && echo leaked; cat; ps -o pgid= -p $$"));
  CHECK(end.output.find("leaked") == std::string::npos);
  CHECK(end.output.find(std::to_string(::getpgrp()) + "\n") == std::string::npos);
  ::close(ours);
}

TEST_CASE("nobody hears of a command that was cancelled, and it is gone") {
  asio::io_context io;
  auto command = std::make_unique<OutsideCommand>(io);
  bool told = false;
  command->run(shell("read x < /dev/zero"), kPatience_ms, [&](const CommandEnd&) { told = true; });
  command->cancel();
  CHECK_FALSE(command->is_running());
  command->run(shell("read x < /dev/zero"), kPatience_ms, [&](const CommandEnd&) { told = true; });
  command.reset();
  io.run();  // Returns when both processes have ended.
  CHECK_FALSE(told);
}

TEST_CASE("an io_context that goes before a command has ended takes it along") {
  bool told = false;
  asio::io_context io;
  OutsideCommand command(io);
  command.run(shell("read x < /dev/zero"), kPatience_ms, [&](const CommandEnd&) { told = true; });
  CHECK_FALSE(told);
}

TEST_CASE("who hears of the end of a command may start the next or let go of it") {
  asio::io_context io;
  auto command = std::make_unique<OutsideCommand>(io);
  int ends = 0;
  command->run(shell("exit 0"), kPatience_ms, [&](const CommandEnd&) {
    ++ends;
    command->run(shell("exit 1"), kPatience_ms, [&](const CommandEnd&) {
      ++ends;
      command.reset();
    });
  });
  io.run();
  CHECK(ends == 2);
}

TEST_CASE("the text of a command is cut at blanks") {
  using Words = std::vector<std::string>;
  CHECK(parse_command("/bin/true").value() == Words{"/bin/true"});
  CHECK(parse_command("  /bin/echo  a\t-b=c ").value() == Words{"/bin/echo", "a", "-b=c"});
}

TEST_CASE("a command that would need a shell, or is no program, is refused in words") {
  const TempFolder folder;
  const std::string plain = folder.path() + "/plain";
  std::ofstream(plain) << "text";
  const auto says = [](const std::string& text, const std::string& words) {
    const auto parsed = parse_command(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK_MESSAGE(parsed.error().text.find(words) != std::string::npos, parsed.error().text);
  };
  says("", "the whole path of a program");
  says("move-ip now", "the whole path of a program");
  says("/bin/echo 'a b'", "write what needs a shell into a script");
  says("/bin/echo $HOME", "without quotes, variables or wildcards");
  says("/nowhere/program x", "/nowhere/program cannot be run: No such file or directory");
  says(plain, "cannot be run: Permission denied");
}

}  // namespace tandemq
