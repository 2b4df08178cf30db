// tandemqctl: looks at a running tandemqd and operates it. Exit status 0: done, 1: the broker says
// no, 2: the command line is wrong or no broker answers.
#include "base/version.hpp"
#include "ctl/client.hpp"
#include "ctl/manual.hpp"
#include "ctl/printer.hpp"
#include "ctl/words.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace tandemq {
namespace {

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kWrongUse = 2;
constexpr const char* kDefaultSocket = "/run/tandemq/admin.sock";

Instant now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int complain(int status, const std::string& text) {
  std::cerr << "tandemqctl: " << text << "\n";
  return status;
}

std::string socket_of(const Request& request) {
  if (!request.socket.empty()) return request.socket;
  const char* named = std::getenv("TANDEMQ_SOCKET");
  return named != nullptr && *named != '\0' ? named : kDefaultSocket;
}

Result<void> take_payload_file(Request& request) {
  if (request.payload_file.empty() && !request.payload_stdin) return {};
  const bool standard = request.payload_stdin || request.payload_file == "-";
  std::ifstream file;
  if (!standard) file.open(request.payload_file, std::ios::binary);
  std::istream& input = standard ? std::cin : file;
  if (!input) return failure("'" + request.payload_file + "' cannot be read.");
  const std::string bytes((std::istreambuf_iterator<char>(input)),
                          std::istreambuf_iterator<char>());
  if (input.bad()) return failure("'" + request.payload_file + "' cannot be read.");
  put_payload(request.arguments, "payload", bytes);
  return {};
}

int run(const Request& request) {
  const bool live =
      request.command->answer == Command::Answer::live || request.arguments.value("follow", false);
  Printer printer(*request.command, request.json, live);
  const auto done =
      AdminClient(socket_of(request))
          .run(request.command->name, request.arguments, live, [&](std::string_view line) {
            print(printer.take(line, now()));
            return printer.error().empty() && std::ferror(stdout) == 0;
          });
  print(printer.finish(done.has_value(), now()));
  if (!printer.error().empty()) return complain(kRefused, printer.error());
  if (done) return kDone;
  const bool refused = done.error().kind == CommandFailure::Kind::refused;
  return complain(refused ? kRefused : kWrongUse, done.error().text);
}

int help(const Request& request) {
  const std::string text = help_text(request.topic);
  if (text.empty())
    return complain(kWrongUse,
                    "'" + request.topic + "' is no command. 'tandemqctl --help' lists them.");
  print(text);
  return kDone;
}

int run(const std::vector<std::string>& words) {
  Result<Request> request = parse_words(words);
  if (!request) return complain(kWrongUse, request.error().text);
  if (request->action == Request::Action::help) return help(*request);
  if (request->action == Request::Action::version) {
    print("tandemqctl " + std::string(kVersion) + "\n");
    return kDone;
  }
  if (const Result<void> taken = take_payload_file(*request); !taken)
    return complain(kWrongUse, taken.error().text);
  return run(*request);
}

}  // namespace
}  // namespace tandemq

int main(int argc, char** argv) {
  try {
    return tandemq::run({argv + 1, argv + argc});
  } catch (const std::exception& exception) {
    return tandemq::complain(tandemq::kWrongUse, exception.what());
  }
}
