// tandemqctl: looks at a running tandemqd and operates it, or at the data of one that does not run.
// Exit status 0: done, 1: the broker says no, the data are damaged, or it was not possible, 2: the
// command line is wrong or no broker answers.
#include "base/version.hpp"
#include "ctl/client.hpp"
#include "ctl/doctor.hpp"
#include "ctl/drill_command.hpp"
#include "ctl/keepalived_command.hpp"
#include "ctl/manual.hpp"
#include "ctl/offline.hpp"
#include "ctl/passwd_command.hpp"
#include "ctl/printer.hpp"
#include "ctl/role_commands.hpp"
#include "ctl/status.hpp"
#include "ctl/transfer.hpp"
#include "ctl/words.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace tandemq {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr const char* kDefaultSocket = "/run/tandemq/admin.sock";

Instant now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string socket_of(const Request& request) {
  if (!request.socket.empty()) return request.socket;
  const char* named = std::getenv("TANDEMQ_SOCKET");
  return named != nullptr && *named != '\0' ? named : kDefaultSocket;
}

Result<void> take_payload_file(Request& request) {
  if (request.file.empty() && !request.payload_stdin) return {};
  const bool standard = request.payload_stdin || request.file == "-";
  std::ifstream file;
  if (!standard) file.open(request.file, std::ios::binary);
  std::istream& input = standard ? std::cin : file;
  if (!input) return failure("'" + request.file + "' cannot be read.");
  const std::string bytes((std::istreambuf_iterator<char>(input)),
                          std::istreambuf_iterator<char>());
  if (input.bad()) return failure("'" + request.file + "' cannot be read.");
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
  return done ? kDone : complain(done.error());
}

// What takes long says now and then how far it is.
int run_offline(const Request& request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto progress = [begin](const std::string& text) {
    if (std::chrono::steady_clock::now() - begin < kPatience) return;
    std::cerr << text << "\n";
  };
  const Result<OfflineAnswer> answer =
      answer_offline(*request.command, request.arguments, now(), progress);
  if (!answer) return complain(kRefused, answer.error().text);
  Printer printer(*request.command, request.json, false);
  print(printer.take(json_text(answer->record), now()));
  for (const std::string& finding : answer->findings) complain(kRefused, finding);
  return answer->findings.empty() ? kDone : kRefused;
}

// The broker may stand in another folder than the operator.
void make_paths_absolute(Request& request) {
  for (const CommandArgument& argument : request.command->arguments) {
    const auto found = request.arguments.find(std::string(argument.name));
    if (argument.type != CommandArgument::Type::path || found == request.arguments.end()) continue;
    *found = std::filesystem::absolute(found->get<std::string>()).lexically_normal().string();
  }
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
  if (request->command->name == "wait") return run_wait(socket_of(*request), *request, now());
  if (request->command->name == "health") return run_health(socket_of(*request), *request, now());
  if (request->command->name == "verify") return run_verify(socket_of(*request), *request, now());
  if (request->command->name == "fence") return run_fence(socket_of(*request), *request, now());
  if (request->command->name == "drill") return run_drill(socket_of(*request), *request);
  const AdminClient client(socket_of(*request));
  if (request->command->name == "export") return run_export(client, *request);
  if (request->command->name == "import") return run_import(client, *request, now());
  if (request->command->name == "import mosquitto")
    return run_import_mosquitto(client, *request, now());
  if (const Result<void> taken = take_payload_file(*request); !taken)
    return complain(kWrongUse, taken.error().text);
  make_paths_absolute(*request);
  if (request->command->name == "doctor") return run_doctor(socket_of(*request), *request, now());
  if (request->command->name == "keepalived-config")
    return run_keepalived_config(socket_of(*request), *request);
  if (request->command->name.starts_with("passwd ")) return run_passwd(*request, now());
  const Command::Place place = request->command->place;
  const bool offline = place == Command::Place::offline ||
                       (place == Command::Place::either && request->arguments.contains("data_dir"));
  return offline ? run_offline(*request) : run(*request);
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
