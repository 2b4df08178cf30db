#include "admin/server.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
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

}  // namespace

struct AdminServer::Http {
  explicit Http(const CommandHandlers& handlers_) : handlers(handlers_) {}

  void handle(const httplib::Request& request, httplib::Response& response);
  void start_rows(const RowsHandler& handler, const Json& arguments, httplib::Response& response);
  void set_up();

  const CommandHandlers& handlers;
  std::atomic<int> streams{0};
  std::atomic<bool> stopping{false};
  int listening = -1;  // The server owns it.
  httplib::Server server;
  std::thread thread;
};

void AdminServer::Http::handle(const httplib::Request& request, httplib::Response& response) {
  const Command* command = command_at(request.path);
  if (command == nullptr || !is_for_broker(*command))
    return fail(response, 404, "There is no command '" + request.path + "'.");
  const Result<Json> arguments = request.body.empty() ? Json::object() : parse_json(request.body);
  if (!arguments) return fail(response, 400, arguments.error().text);
  const Result<void> checked = check_arguments(*command, *arguments);
  if (!checked) return fail(response, 400, checked.error().text);
  if (command->answer != Command::Answer::record)
    return start_rows(handlers.rows.find(command->name)->second, *arguments, response);
  const Result<Json> record = handlers.records.find(command->name)->second(*arguments);
  if (!record) return fail(response, 409, record.error().text);
  answer(response, 200, *record);
}

void AdminServer::Http::start_rows(const RowsHandler& handler, const Json& arguments,
                                   httplib::Response& response) {
  const std::shared_ptr<StreamPlace> place = StreamPlace::take(streams);
  if (!place)
    return fail(response, 503,
                std::to_string(kStreamsMax) + " lists and streams are open already.");
  Result<RowSource> source = handler(arguments);
  if (!source) return fail(response, 409, source.error().text);
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
}

void AdminServer::Http::set_up() {
  server.set_address_family(AF_UNIX);
  // The socket is born with its mode, so that there is no moment in which others may connect.
  server.set_socket_options([this](int socket) {
    fchmod(socket, kSocketMode);
    listening = socket;
  });
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_keep_alive_max_count(1);  // A connection that waits would hold a thread.
  server.set_payload_max_length(kRequestMax);
  server.Post("/v1/.*", [this](const httplib::Request& request, httplib::Response& response) {
    handle(request, response);
  });
  server.set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        fail(response, 500, "The command failed for want of memory, or by a mistake of ours.");
      });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty())
      fail(response, response.status, "Commands are sent as POST /v1/COMMAND.");
  });
}

AdminServer::AdminServer(std::string socket_path, CommandHandlers handlers)
    : socket_path_(std::move(socket_path)), handlers_(std::move(handlers)) {
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
  auto http = std::make_unique<Http>(handlers_);
  http->set_up();
  if (!http->server.bind_to_port(socket_path_, kAnyPort))
    return failure(errno_text("admin.socket = '" + socket_path_ + "': cannot listen"));
  chmod(socket_path_.c_str(), kSocketMode);  // Whatever the umask took away.
  listen(http->listening, kBacklog);
  http_ = std::move(http);
  http_->thread = std::thread([this] { http_->server.listen_after_bind(); });
  while (!http_->server.is_running()) std::this_thread::yield();  // stop() needs it running.
  return {};
}

void AdminServer::stop() {
  if (http_ == nullptr) return;
  http_->stopping = true;
  http_->server.stop();
  http_->thread.join();
  http_.reset();
  unlink(socket_path_.c_str());
}

}  // namespace tandemq
