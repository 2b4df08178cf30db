#include "ctl/client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr int kAnyPort = 1;  // A unix socket has none.
constexpr std::chrono::hours kLive{10 * 365 * 24};

std::string path_of(std::string_view command) {
  std::string path = "/v1/" + std::string(command);
  std::replace(path.begin(), path.end(), ' ', '/');
  return path;
}

CommandFailure no_broker(const std::string& socket_path) {
  std::string text = "cannot talk to a broker on '" + socket_path + "'";
  if (access(socket_path.c_str(), W_OK) != 0) {
    text += std::string(": ") + std::strerror(errno);
    if (errno == EACCES) text += ". Run as root, or as a member of the group of the socket";
  } else {
    text += ": nobody answers there";
  }
  text +=
      ". Is tandemqd running? --socket=PATH or TANDEMQ_SOCKET names another socket, as "
      "admin.socket does for the broker.";
  return {CommandFailure::Kind::no_broker, std::move(text)};
}

CommandFailure failure_of(int status, const std::string& body) {
  constexpr int kBadRequest = 400;
  constexpr int kNotFound = 404;
  const Result<Json> answer = parse_json(body);
  const bool told = answer && answer->is_object() && answer->contains("error");
  std::string text = told ? (*answer)["error"].get<std::string>()
                          : "The broker answered with HTTP status " + std::to_string(status) + ".";
  const bool usage = status == kBadRequest || status == kNotFound;
  return {usage ? CommandFailure::Kind::usage : CommandFailure::Kind::refused, std::move(text)};
}

// Passes on the whole lines of `text` and leaves the rest in it.
bool pass_lines(std::string& text, const AdminClient::LineReader& read_line) {
  std::size_t begin = 0;
  bool goes_on = true;
  for (std::size_t end = text.find('\n'); goes_on && end != std::string::npos;
       end = text.find('\n', begin)) {
    goes_on = read_line(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  text.erase(0, begin);
  return goes_on;
}

}  // namespace

tl::expected<void, CommandFailure> AdminClient::run(std::string_view command, const Json& arguments,
                                                    bool live, const LineReader& read_line) const {
  constexpr int kDone = 200;
  httplib::Client client(socket_path_, kAnyPort);
  client.set_address_family(AF_UNIX);
  if (live) {
    client.set_read_timeout(kLive);
  } else {
    client.set_read_timeout(patience_);
  }
  int status = 0;
  bool stopped = false;  // By the reader.
  std::string text;
  httplib::Request request;
  request.method = "POST";
  request.path = path_of(command);
  request.headers.emplace("Host", "localhost");
  request.headers.emplace("Content-Type", "application/json");
  request.body = json_text(arguments);
  request.response_handler = [&](const httplib::Response& response) {
    status = response.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    text.append(data, size);
    if (status == kDone) stopped = !pass_lines(text, read_line);
    return !stopped;
  };
  const httplib::Result result = client.send(request);
  if (stopped) return {};
  if (status != 0 && status != kDone) return tl::unexpected(failure_of(status, text));
  if (result) return {};
  if (status == 0) return tl::unexpected(no_broker(socket_path_));
  return tl::unexpected(CommandFailure{CommandFailure::Kind::refused,
                                       "The broker ended the answer before it was complete."});
}

tl::expected<Json, CommandFailure> AdminClient::ask(std::string_view command,
                                                    const Json& arguments) const {
  Json answer;
  const auto done = run(command, arguments, false, [&](std::string_view line) {
    if (Result<Json> value = parse_json(line)) answer = std::move(*value);
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  return answer;
}

}  // namespace tandemq
