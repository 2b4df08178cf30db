// AdminServer: the commands of the table as HTTP on a unix socket. POST /v1/clients/list with the
// arguments as a JSON object in the body; the answer is an object, or for rows a line of JSON each,
// as long as there are more or until the client goes away. 400: wrong arguments, 404: no such
// command, 409: the command failed, 503: too many streams; then {"error": "a sentence"}.
// It knows no command by name: what they do comes in as handlers.
// Owned by node. Handlers run on the server's own threads, several at a time.
#pragma once

#include "admin/admin_call.hpp"
#include "admin/command.hpp"
#include "admin/json.hpp"
#include "base/result.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tandemq {

// The arguments are those that check_arguments() has let through.
using RecordHandler = std::function<Result<Json>(const Json& arguments)>;

// Appends the next rows; waits for them, but not longer than kRowsWait_ms. False: these were the
// last. A row {"error": ...} says that the stream ended before its time. It is destroyed when the
// stream is over, whoever ended it.
using RowSource = std::function<bool(std::vector<Json>& rows)>;
using RowsHandler = std::function<Result<RowSource>(const Json& arguments)>;
inline constexpr int kRowsWait_ms = 200;

// One for each command of the table that a broker answers.
struct CommandHandlers {
  std::map<std::string, RecordHandler, std::less<>> records;
  std::map<std::string, RowsHandler, std::less<>> rows;
};

class AdminServer {
 public:
  // `told` hears of every call when it is done, on the thread that has done it.
  using Told = std::function<void(AdminCall&&)>;

  AdminServer(std::string socket_path, CommandHandlers handlers, Told told = nullptr);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Takes the place of a socket that nobody listens on; one that somebody does is an error.
  Result<void> start();
  // Ends the streams and returns when no handler runs any more.
  void stop();

 private:
  struct Http;

  std::string socket_path_;
  CommandHandlers handlers_;
  Told told_;
  std::unique_ptr<Http> http_;  // Null while it does not run.
};

}  // namespace tandemq
