#include "config/files.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

// A folder of its own for a test, gone after it.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "tandemq_files_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return file(name);
  }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a file is read whole, byte by byte") {
  const Folder folder;
  const std::string text = std::string("a\r\n\0b", 5) + std::string(200'000, 'x');
  CHECK(read_text_file(folder.write("f", text)).value() == text);
  CHECK(read_text_file(folder.write("g", "")).value().empty());
}

TEST_CASE("a file that cannot be read is named with the reason") {
  const Folder folder;
  const std::string missing = folder.file("missing");
  CHECK(read_text_file(missing).error().text ==
        "'" + missing + "' cannot be read: No such file or directory");
  CHECK(read_text_file(folder.file("")).error().text.ends_with("it is a folder"));
}

TEST_CASE("a file without an end is not read for ever") {
  CHECK(read_text_file("/dev/zero").error().text.ends_with("it is larger than 64 MB"));
}

TEST_CASE("the configuration comes from the file and the command line") {
  const Folder folder;
  const std::string path = folder.write("tandemq.conf", "node.id = b\nmqtt.max_qos = 9\n");
  const LoadedConfig loaded = load_config(path, parse_command_line({"--threads.net=1"}, {}));
  CHECK(loaded.config.node_id == "b");
  CHECK(loaded.config.threads_net == 1);
  CHECK(report_of(loaded.findings) ==
        "error: " + path + ":2: mqtt.max_qos = '9': expected a number from 0 to 2\n");
}

TEST_CASE("a configuration file that is not there is an error, no file at all is not") {
  const Folder folder;
  CHECK(any_error(load_config(folder.file("missing"), {}).findings));
  CHECK(load_config("", {}).findings.empty());
}

TEST_CASE("files that the configuration names have to be readable") {
  const Folder folder;
  Config config;
  config.data_dir = folder.file("data");  // Will be made.
  config.auth.password_file = folder.write("users", "");
  CHECK(check_files(config).empty());
  config.auth.acl_file = folder.file("missing");
  config.data_dir = config.auth.password_file;
  const std::string report = report_of(check_files(config));
  CHECK(report.find("error: auth.acl_file: ") != std::string::npos);
  CHECK(report.find("error: data.dir: ") != std::string::npos);
}

TEST_CASE("a secret is the first line of its file") {
  const Folder folder;
  const std::string secret(16, 's');
  CHECK(read_secret(folder.write("a", secret + "\nthe rest")).value() == secret);
  CHECK(read_secret(folder.write("b", secret + "\r\n")).value() == secret);
  CHECK(read_secret(folder.write("c", secret)).value() == secret);
}

TEST_CASE("a secret that is short or missing is refused with the way to make one") {
  const Folder folder;
  const std::string path = folder.write("short", std::string(15, 's') + "\n" + "0123456789abcdef");
  const std::string remedy =
      "; make it with 'openssl rand -hex 32 > " + path + "' and copy it to both nodes";
  CHECK(read_secret(path).error().text ==
        "the first line of '" + path + "' has 15 bytes, a secret has 16 or more" + remedy);
  fs::remove(path);
  CHECK(read_secret(path).error().text ==
        "'" + path + "' cannot be read: No such file or directory" + remedy);
}

TEST_CASE("the files of replication are asked for, and a secret that others may read is told") {
  const Folder folder;
  Config config;
  config.data_dir = folder.file("data");
  config.replication.secret_file = folder.write("secret", std::string(64, 's'));
  config.replication.tls_cert = config.replication.tls_ca = config.replication.secret_file;
  fs::permissions(config.replication.secret_file, fs::perms::owner_read);
  CHECK(check_files(config).empty());
  for (const fs::perms others : {fs::perms::group_read, fs::perms::others_read}) {
    fs::permissions(config.replication.secret_file, fs::perms::owner_read | others);
    CHECK(report_of(check_files(config)) ==
          "warning: replication.secret_file: others than its owner may read '" +
              config.replication.secret_file + "'; chmod 600 it\n");
  }
  config.replication.tls_key = config.replication.secret_file = folder.file("missing");
  const std::string report = report_of(check_files(config));
  CHECK(report.find("error: replication.tls.key: ") != std::string::npos);
  CHECK(report.find("error: replication.secret_file: ") != std::string::npos);
}

}  // namespace tandemq
