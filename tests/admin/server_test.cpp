// The server and the client of tandemqctl, over a real socket in a folder of its own.
#include "admin/server.hpp"

#include "ctl/client.hpp"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace tandemq;
using Kind = CommandFailure::Kind;

namespace {

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() {
    unlink(socket().c_str());
    rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string socket() const { return path_ + "/admin.sock"; }

 private:
  std::string path_ = "/tmp/tandemq-admin-XXXXXX";
};

// Every command, answering with what it was asked.
CommandHandlers echoes() {
  CommandHandlers handlers;
  for (const Command& command : commands()) {
    if (command.answer == Command::Answer::record) {
      handlers.records[std::string(command.name)] = [](const Json& arguments) -> Result<Json> {
        return arguments;
      };
    } else {
      handlers.rows[std::string(command.name)] = [](const Json& arguments) -> Result<RowSource> {
        return RowSource([arguments](std::vector<Json>& rows) {
          rows = {arguments, Json{{"n", 2}}};
          return false;
        });
      };
    }
  }
  return handlers;
}

struct Answer {
  std::vector<std::string> lines;
  std::optional<CommandFailure> failure;
};

Answer run(const Folder& folder, std::string_view command, const Json& arguments,
           std::size_t lines_max = SIZE_MAX) {
  Answer answer;
  const auto done =
      AdminClient(folder.socket()).run(command, arguments, false, [&](std::string_view line) {
        answer.lines.emplace_back(line);
        return answer.lines.size() < lines_max;
      });
  if (!done) answer.failure = done.error();
  return answer;
}

// A socket file that nobody listens on, as a process that was killed leaves it.
void leave_stale_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  close(fd);
}

}  // namespace

TEST_CASE("a record comes as one line, rows as a line each") {
  const Folder folder;
  AdminServer server(folder.socket(), echoes());
  REQUIRE(server.start().has_value());
  CHECK(run(folder, "clients show", {{"client", "a"}}).lines ==
        std::vector<std::string>{"{\"client\":\"a\"}"});
  CHECK(run(folder, "clients list", {{"limit", 5U}}).lines ==
        std::vector<std::string>{"{\"limit\":5}", "{\"n\":2}"});
}

TEST_CASE("only the owner and the group may use the socket") {
  const Folder folder;
  AdminServer server(folder.socket(), echoes());
  REQUIRE(server.start().has_value());
  struct stat status {};
  REQUIRE(stat(folder.socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
}

TEST_CASE("every call is told with its process, what it wanted and what came of it") {
  const Folder folder;
  CommandHandlers handlers = echoes();
  handlers.records["clients kick"] = [](const Json&) -> Result<Json> { return failure("No."); };
  std::mutex mutex;
  std::vector<AdminCall> calls;
  AdminServer server(folder.socket(), std::move(handlers), [&](AdminCall&& call) {
    const std::lock_guard lock(mutex);
    calls.push_back(std::move(call));
  });
  REQUIRE(server.start().has_value());
  run(folder, "publish", {{"topic", "t"}, {"payload", "secret"}});
  run(folder, "clients kick", {{"client", "a"}});
  run(folder, "clients list", Json::object());
  run(folder, "clients dance", Json::object());
  server.stop();
  REQUIRE(calls.size() == 4);
  for (const AdminCall& call : calls) {
    REQUIRE(call.peer);
    CHECK(call.peer->uid == getuid());
    CHECK(call.peer->pid == getpid());
  }
  CHECK(json_text(calls[0].arguments) == R"({"topic":"t","payload_size":6})");
  CHECK(calls[0].error.empty());
  CHECK(calls[1].command == "clients kick");
  CHECK(calls[1].error == "No.");
  CHECK(calls[2].error.empty());
  CHECK(calls[3].command == "/v1/clients/dance");
  CHECK_FALSE(calls[3].error.empty());
}

TEST_CASE("what is wrong with a command is told by its kind and a sentence") {
  const Folder folder;
  CommandHandlers handlers = echoes();
  handlers.records["clients kick"] = [](const Json&) -> Result<Json> {
    return failure("No client 'a' is connected.");
  };
  AdminServer server(folder.socket(), std::move(handlers));
  REQUIRE(server.start().has_value());
  const auto refused = run(folder, "clients kick", {{"client", "a"}});
  REQUIRE(refused.failure);
  CHECK(refused.failure->kind == Kind::refused);
  CHECK(refused.failure->text == "No client 'a' is connected.");
  const auto unknown = run(folder, "clients dance", Json::object());
  REQUIRE(unknown.failure);
  CHECK(unknown.failure->kind == Kind::usage);
  CHECK(unknown.failure->text == "There is no command '/v1/clients/dance'.");
  const auto missing = run(folder, "clients kick", Json::object());
  REQUIRE(missing.failure);
  CHECK(missing.failure->kind == Kind::usage);
  CHECK(missing.failure->text == "'clients kick' needs CLIENT.");
}

TEST_CASE("without a broker the client says so") {
  const Folder folder;
  const auto answer = run(folder, "status", Json::object());
  REQUIRE(answer.failure);
  CHECK(answer.failure->kind == Kind::no_broker);
  CHECK(answer.failure->text.find("Is tandemqd running?") != std::string::npos);
}

TEST_CASE("a socket that was left behind is replaced, one in use is not, nor a file") {
  const Folder folder;
  leave_stale_socket(folder.socket());
  {
    AdminServer server(folder.socket(), echoes());
    REQUIRE(server.start().has_value());
    AdminServer second(folder.socket(), echoes());
    const auto started = second.start();
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().text.find("another process listens on it") != std::string::npos);
    CHECK(run(folder, "status", Json::object()).lines.size() == 1);
  }
  CHECK(access(folder.socket().c_str(), F_OK) != 0);
  std::ofstream(folder.socket()) << "precious";
  AdminServer third(folder.socket(), echoes());
  CHECK_FALSE(third.start().has_value());
  CHECK(access(folder.socket().c_str(), F_OK) == 0);
}

TEST_CASE("a stream ends when its client goes, and its source is destroyed") {
  const Folder folder;
  std::promise<void> destroyed;
  auto gone = destroyed.get_future();
  CommandHandlers handlers = echoes();
  handlers.rows["subscribe"] = [&](const Json&) -> Result<RowSource> {
    const auto guard = std::shared_ptr<void>(nullptr, [&](void*) { destroyed.set_value(); });
    return RowSource([guard](std::vector<Json>& rows) {
      rows.push_back(Json{{"n", 1}});
      return true;
    });
  };
  AdminServer server(folder.socket(), std::move(handlers));
  REQUIRE(server.start().has_value());
  CHECK(run(folder, "subscribe", {{"filter", {"#"}}}, 3).lines.size() == 3);
  CHECK(gone.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
}

TEST_CASE("stopping the server ends streams that have no end") {
  const Folder folder;
  CommandHandlers handlers = echoes();
  std::promise<void> began;
  std::atomic<bool> first{true};
  handlers.rows["subscribe"] = [&](const Json&) -> Result<RowSource> {
    return RowSource([&](std::vector<Json>&) {
      if (first.exchange(false)) began.set_value();
      std::this_thread::yield();
      return true;
    });
  };
  AdminServer server(folder.socket(), std::move(handlers));
  REQUIRE(server.start().has_value());
  std::thread client([&] { CHECK(run(folder, "subscribe", {{"filter", {"#"}}}).failure); });
  began.get_future().wait();
  server.stop();
  client.join();
}

TEST_CASE("streams leave room for other commands, and too many are refused") {
  const Folder folder;
  CommandHandlers handlers = echoes();
  std::atomic<int> running{0};
  std::atomic<bool> over{false};
  handlers.rows["subscribe"] = [&](const Json&) -> Result<RowSource> {
    ++running;
    return RowSource([&](std::vector<Json>&) {
      std::this_thread::yield();
      return !over.load();
    });
  };
  AdminServer server(folder.socket(), std::move(handlers));
  REQUIRE(server.start().has_value());
  constexpr int kMost = 12;
  std::vector<std::thread> clients;
  for (int i = 0; i < kMost; ++i)
    clients.emplace_back([&] { run(folder, "subscribe", {{"filter", {"#"}}}); });
  while (running < kMost) std::this_thread::yield();
  const auto refused = run(folder, "subscribe", {{"filter", {"#"}}});
  REQUIRE(refused.failure);
  CHECK(refused.failure->text == "12 lists and streams are open already.");
  CHECK(run(folder, "status", Json::object()).lines.size() == 1);
  over = true;
  for (std::thread& client : clients) client.join();
}
