#include "admin/server.hpp"

#include "admin/http_connection.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::size_t kThreads = 16;             // A stream holds one as long as it runs,
constexpr int kStreamsMax = 12;                  // so that some are always left for the others.
constexpr std::size_t kRequestMax = 64U << 20U;  // Bytes; a payload in base64 is the largest part.
constexpr std::size_t kHeadersMax = 64U << 10U;
constexpr std::chrono::seconds kHeadersPatience{5};
constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 128;  // The library's own is 5, and beyond it connect() fails at once.
constexpr int kAnyPort = 1;  // A unix socket has none, but the library wants one that is not zero.
constexpr std::string_view kPrefix = "/v1/";
constexpr const char* kJsonType = "application/json";
constexpr const char* kLinesType = "application/x-ndjson";

std::string errno_text(const std::string& what) {
  return what + ": " + std::strerror(errno) + ".";
}

// True if somebody answers on the socket.
bool is_alive(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool alive =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return alive;
}

// Leaves the path free, or says why not.
Result<void> clear_way(const std::string& path) {
  struct stat status {};
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return failure("admin.socket = '" + path + "': a unix socket's path has at most " +
                   std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes.");
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return failure("admin.socket = '" + path + "': there is a file that is no socket.");
  if (is_alive(path))
    return failure("admin.socket = '" + path + "': another process listens on it.");
  if (unlink(path.c_str()) != 0) return failure(errno_text("Cannot remove '" + path + "'"));
  return {};
}

void answer(httplib::Response& response, int status, const Json& body) {
  response.status = status;
  response.set_content(json_text(body) + "\n", kJsonType);
}

void fail(httplib::Response& response, int status, const std::string& why) {
  answer(response, status, Json{{"error", why}});
}

// "/v1/clients/list" is the command "clients list".
const Command* command_at(const std::string& path) {
  std::string name = path.substr(kPrefix.size());
  std::replace(name.begin(), name.end(), '/', ' ');
  return find_command(name);
}

// tandemqctl does the others.
bool is_for_broker(const Command& command) {
  return command.place == Command::Place::broker || command.place == Command::Place::either;
}

// Counts the streams that run; a stream that may not is told apart by its being null.
class StreamPlace {
 public:
  static std::shared_ptr<StreamPlace> take(std::atomic<int>& count) {
    if (count.fetch_add(1) < kStreamsMax) return std::make_shared<StreamPlace>(count);
    --count;
    return nullptr;
  }
  explicit StreamPlace(std::atomic<int>& count) : count_(count) {}
  ~StreamPlace() { --count_; }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

 private:
  std::atomic<int>& count_;
};

// The library's own stream would not say who is at the other end.
class AdminConnection : public HttpConnection {
 public:
  AdminConnection(int socket, const Terms& terms) : HttpConnection(socket, terms) {
    socklen_t size = sizeof peer_;
    known_ = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer_, &size) == 0;
  }

  // A stream has to notice that nobody reads it.
  bool is_writable() const override {
    char byte = 0;
    return HttpConnection::is_writable() && recv(socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
  }
  // The library puts them into the request.
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = known_ ? std::to_string(peer_.uid) : "";
    port = peer_.pid;
  }

 private:
  ucred peer_{};
  bool known_ = false;
};

std::optional<SocketPeer> peer_of(const httplib::Request& request) {
  SocketPeer peer;
  const std::string& uid = request.remote_addr;
  if (std::from_chars(uid.data(), uid.data() + uid.size(), peer.uid).ec != std::errc())
    return std::nullopt;
  peer.pid = request.remote_port;
  return peer;
}

}  // namespace

struct AdminServer::Http : httplib::Server {
  Http(const CommandHandlers& handlers_, const Told& told_) : handlers(handlers_), told(told_) {}

  bool process_and_close_socket(socket_t socket) override;
  void handle(const httplib::Request& request, httplib::Response& response);
  // The sentence of an error; empty: there was none.
  std::string carry_out(const httplib::Request& request, AdminCall& call,
                        httplib::Response& response);
  std::string start_rows(const RowsHandler& handler, const Json& arguments,
                         httplib::Response& response);
  void set_up();

  const CommandHandlers& handlers;
  const Told& told;
  std::atomic<int> streams{0};
  std::atomic<std::size_t> waiting{0};  // Nobody is hurried here.
  std::atomic<bool> stopping{false};
  int listening = -1;  // The server owns it.
  std::thread thread;
};

bool AdminServer::Http::process_and_close_socket(socket_t socket) {
  AdminConnection connection(socket,
                             {kRequestMax + kHeadersMax, kHeadersPatience, waiting, stopping});
  bool closed = false;
  return process_request(connection, true, closed,
                         [&connection](httplib::Request&) { connection.lift_patience(); });
}

void AdminServer::Http::handle(const httplib::Request& request, httplib::Response& response) {
  AdminCall call;
  call.peer = peer_of(request);
  call.error = carry_out(request, call, response);
  if (told) told(std::move(call));
}

std::string AdminServer::Http::carry_out(const httplib::Request& request, AdminCall& call,
                                         httplib::Response& response) {
  const auto refuse_call = [&response](int status, const std::string& why) {
    fail(response, status, why);
    return why;
  };
  const Command* command = command_at(request.path);
  call.command = command == nullptr ? request.path : std::string(command->name);
  if (command == nullptr || !is_for_broker(*command))
    return refuse_call(404, "There is no command '" + request.path + "'.");
  const Result<Json> arguments = request.body.empty() ? Json::object() : parse_json(request.body);
  if (!arguments) return refuse_call(400, arguments.error().text);
  const Result<void> checked = check_arguments(*command, *arguments);
  if (!checked) return refuse_call(400, checked.error().text);
  call.arguments = arguments_for_audit(*arguments);
  if (command->answer != Command::Answer::record)
    return start_rows(handlers.rows.find(command->name)->second, *arguments, response);
  const Result<Json> record = handlers.records.find(command->name)->second(*arguments);
  if (!record) return refuse_call(409, record.error().text);
  answer(response, 200, *record);
  return {};
}

std::string AdminServer::Http::start_rows(const RowsHandler& handler, const Json& arguments,
                                          httplib::Response& response) {
  const auto refuse_stream = [&response](int status, const std::string& why) {
    fail(response, status, why);
    return why;
  };
  const std::shared_ptr<StreamPlace> place = StreamPlace::take(streams);
  if (!place)
    return refuse_stream(503, std::to_string(kStreamsMax) + " lists and streams are open already.");
  Result<RowSource> source = handler(arguments);
  if (!source) return refuse_stream(409, source.error().text);
  response.set_chunked_content_provider(
      kLinesType, [this, place, next = std::move(*source)](std::size_t, httplib::DataSink& sink) {
        if (stopping || !sink.is_writable()) return false;
        std::vector<Json> rows;
        const bool more = next(rows);
        std::string lines;
        for (const Json& row : rows) lines += json_text(row) + "\n";
        if (!lines.empty() && !sink.write(lines.data(), lines.size())) return false;
        if (!more) sink.done();
        return true;
      });
  return {};
}

void AdminServer::Http::set_up() {
  set_address_family(AF_UNIX);
  // The socket is born with its mode, so that there is no moment in which others may connect.
  set_socket_options([this](int socket) {
    fchmod(socket, kSocketMode);
    listening = socket;
  });
  new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  set_keep_alive_max_count(1);  // A connection that waits would hold a thread.
  set_payload_max_length(kRequestMax);
  Post("/v1/.*", [this](const httplib::Request& request, httplib::Response& response) {
    handle(request, response);
  });
  set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        fail(response, 500, "The command failed for want of memory, or by a mistake of ours.");
      });
  set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty())
      fail(response, response.status, "Commands are sent as POST /v1/COMMAND.");
  });
}

AdminServer::AdminServer(std::string socket_path, CommandHandlers handlers, Told told)
    : socket_path_(std::move(socket_path)), handlers_(std::move(handlers)), told_(std::move(told)) {
  for (const Command& command : commands()) {
    const bool rows = command.answer != Command::Answer::record;
    if (!is_for_broker(command)) continue;
    ENSURE(rows ? handlers_.rows.contains(command.name) : handlers_.records.contains(command.name),
           "every command of the table has its handler");
  }
}

AdminServer::~AdminServer() {
  stop();
}

Result<void> AdminServer::start() {
  ENSURE(http_ == nullptr, "a server is started once");
  if (auto cleared = clear_way(socket_path_); !cleared) return cleared;
  auto http = std::make_unique<Http>(handlers_, told_);
  http->set_up();
  if (!http->bind_to_port(socket_path_, kAnyPort))
    return failure(errno_text("admin.socket = '" + socket_path_ + "': cannot listen"));
  chmod(socket_path_.c_str(), kSocketMode);  // Whatever the umask took away.
  listen(http->listening, kBacklog);
  http_ = std::move(http);
  http_->thread = std::thread([this] { http_->listen_after_bind(); });
  while (!http_->is_running()) std::this_thread::yield();  // stop() needs it running.
  return {};
}

void AdminServer::stop() {
  if (http_ == nullptr) return;
  http_->stopping = true;
  http_->stop();
  http_->thread.join();
  http_.reset();
  unlink(socket_path_.c_str());
}

}  // namespace tandemq
