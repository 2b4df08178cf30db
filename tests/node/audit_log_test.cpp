#include "node/audit_log.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tandemq;

namespace {

namespace fs = std::filesystem;
constexpr Instant kAt{1'700'000'000'123};

class AuditFolder {
 public:
  AuditFolder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~AuditFolder() { fs::remove_all(path_); }
  AuditFolder(const AuditFolder&) = delete;
  AuditFolder& operator=(const AuditFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/tandemq-audit-XXXXXX";
};

struct Warnings {
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return texts.size();
  }

  std::mutex mutex;
  std::vector<std::string> texts;
};

std::unique_ptr<AuditLog> audit_to(const std::string& to, Warnings& warnings) {
  return std::make_unique<AuditLog>(AuditConfig{to, "json"}, "a",
                                    AuditLog::Ports{[] { return kAt; },
                                                    [&warnings](const std::string& text) {
                                                      const std::lock_guard lock(warnings.mutex);
                                                      warnings.texts.push_back(text);
                                                    }});
}

AuditEvent coming(int number) {
  AuditEvent event;
  event.at = kAt;
  event.client_id = std::to_string(number);
  return event;
}

// "connected 7", with "lost n" behind it.
std::vector<std::string> lines_in(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line);
    std::string text = json["event"].get<std::string>();
    if (json.contains("client")) text += " " + json["client"].get<std::string>();
    if (json.contains("lost")) text += " lost " + std::to_string(json["lost"].get<int>());
    lines.push_back(text);
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("what was put into the audit trail stands in its file, complete and in order") {
  const AuditFolder folder;
  const std::string path = folder.file("audit.log");
  Warnings warnings;
  Lines wanted{"audit_started"};
  {
    const auto log = audit_to(path, warnings);
    REQUIRE(log->open());
    for (int i = 0; i < 5'000; ++i) {
      log->put(coming(i));
      wanted.push_back("connected " + std::to_string(i));
    }
  }
  wanted.emplace_back("audit_stopped");
  CHECK(lines_in(path) == wanted);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777 & ~0640U) == 0);
  CHECK(warnings.texts.empty());
}

TEST_CASE("lines that a full disk does not take are counted, and the next one says how many") {
  Warnings warnings;
  const auto log = audit_to("/dev/full", warnings);
  REQUIRE(log->open());
  for (int i = 0; i < 10; ++i) log->put(coming(i));
  while (log->counts().lost < 11 || warnings.count() == 0) std::this_thread::yield();
  CHECK(log->counts().lines == 0);
  const std::lock_guard lock(warnings.mutex);
  REQUIRE(warnings.texts.size() == 1);
  CHECK(warnings.texts.front() ==
        "audit.to = /dev/full: it cannot be written: No space left on device; lines are lost, and "
        "counted");
}

TEST_CASE("a reader that is too slow costs lines and not the time of those who put them in") {
  const AuditFolder folder;
  const std::string path = folder.file("pipe");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  Warnings warnings;
  const std::uint64_t count = AuditLog::kWaitingMax + 5'000;
  std::string text;
  {
    auto log = audit_to(path, warnings);
    REQUIRE(log->open());
    for (std::uint64_t i = 0; i < count; ++i) log->put(coming(static_cast<int>(i)));
    CHECK(log->counts().lost >= 1);
    REQUIRE(::fcntl(reader, F_SETFL, 0) == 0);
    std::thread end([&log] { log.reset(); });
    std::vector<char> buffer(65'536);
    ssize_t got = 0;
    while ((got = ::read(reader, buffer.data(), buffer.size())) > 0)
      text.append(buffer.data(), static_cast<std::size_t>(got));
    end.join();
  }
  ::close(reader);
  std::ofstream(folder.file("copy")) << text;
  std::uint64_t lines = 0;
  std::uint64_t lost = 0;
  for (const std::string& line : lines_in(folder.file("copy"))) {
    ++lines;
    if (const auto at = line.find(" lost "); at != std::string::npos)
      lost += std::stoull(line.substr(at + 6));
  }
  CHECK(lost >= 1);
  CHECK(lines + lost == count + 2);  // With the first and the last one.
}

TEST_CASE("the file is opened anew when it was moved away") {
  const AuditFolder folder;
  const std::string path = folder.file("audit.log");
  Warnings warnings;
  auto log = audit_to(path, warnings);
  REQUIRE(log->open());
  log->put(coming(1));
  while (log->counts().lines < 2) std::this_thread::yield();
  fs::rename(path, folder.file("audit.log.1"));
  log->reopen();
  while (!fs::exists(path)) std::this_thread::yield();
  log->put(coming(2));
  log.reset();
  CHECK(lines_in(folder.file("audit.log.1")) == Lines{"audit_started", "connected 1"});
  CHECK(lines_in(path) == Lines{"connected 2", "audit_stopped"});
}

TEST_CASE("a file that cannot be opened stops the start with its key and name") {
  const AuditFolder folder;
  Warnings warnings;
  const std::string path = folder.file("none/audit.log");
  const auto opened = audit_to(path, warnings)->open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().text == "audit.to = " + path +
                                   " cannot be opened: No such file or directory; it has to be a "
                                   "file that this user may write, in a folder that is there");
}

TEST_CASE("with none nothing is kept") {
  Warnings warnings;
  const auto log = audit_to("none", warnings);
  REQUIRE(log->open());
  log->put(coming(1));
  CHECK(log->counts().lines == 0);
  CHECK_FALSE(log->active());
}
