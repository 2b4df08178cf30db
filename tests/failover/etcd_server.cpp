#include "tests/failover/etcd_server.hpp"

#include "tests/free_port.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <httplib.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tandemq::tests {
namespace {

constexpr std::chrono::seconds kStart{20};  // On a machine that is busy.
constexpr int kLook_ms = 10;
constexpr int kNotInstalled = 127;
constexpr const char* kHost = "127.0.0.1";

std::string url_of(const char* scheme, std::uint16_t port) {
  return std::string(scheme) + "://" + kHost + ":" + std::to_string(port);
}

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

EtcdServer::EtcdServer(const ReplicationConfig& certificates)
    : certificates_(certificates),
      port_(free_port()),
      peer_port_(free_port()),
      health_port_(free_port()),
      url_(url_of(certificates_.tls_cert.empty() ? "http" : "https", port_)) {
  start();
}

EtcdServer::~EtcdServer() {
  kill();
}

void EtcdServer::start() {
  spawn();
  const auto deadline = std::chrono::steady_clock::now() + kStart;
  while (!is_healthy()) {
    check_alive();
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline,
                    "etcd does not become healthy: ", text_of(folder_.path() + "/log"));
    ::poll(nullptr, 0, kLook_ms);
  }
}

void EtcdServer::spawn() {
  const std::string peer = url_of("http", peer_port_);
  const std::string log = folder_.path() + "/log";
  // The fastest election and hashes that it has: a test waits for them.
  std::vector<std::string> arguments = {"etcd",
                                        "--name",
                                        "test",
                                        "--data-dir",
                                        folder_.path() + "/data",
                                        "--listen-client-urls",
                                        url_,
                                        "--advertise-client-urls",
                                        url_,
                                        "--listen-peer-urls",
                                        peer,
                                        "--initial-advertise-peer-urls",
                                        peer,
                                        "--initial-cluster",
                                        "test=" + peer,
                                        "--listen-metrics-urls",
                                        url_of("http", health_port_),
                                        "--heartbeat-interval",
                                        "20",
                                        "--election-timeout",
                                        "200",
                                        "--bcrypt-cost",
                                        "4"};
  if (!certificates_.tls_cert.empty())
    for (const std::string& more :
         {std::string("--client-cert-auth"), "--cert-file=" + certificates_.tls_cert,
          "--key-file=" + certificates_.tls_key, "--trusted-ca-file=" + certificates_.tls_ca})
      arguments.push_back(more);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execvp(pointers[0], pointers.data());
  _exit(errno == ENOENT ? kNotInstalled : 1);
}

void EtcdServer::check_alive() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return;
  pid_ = -1;
  REQUIRE_MESSAGE(!(WIFEXITED(status) && WEXITSTATUS(status) == kNotInstalled),
                  "etcd is not installed: `make deps` installs it");
  FAIL("etcd has ended: ", text_of(folder_.path() + "/log"));
}

bool EtcdServer::is_healthy() const {
  httplib::Client client(kHost, health_port_);
  const auto answer = client.Get("/health");
  return answer && answer->body.find("\"true\"") != std::string::npos;
}

void EtcdServer::post(const std::string& path, const std::string& body) const {
  httplib::Client client(kHost, port_);
  const auto answer = client.Post(path, body, "application/json");
  REQUIRE(answer);
  REQUIRE_MESSAGE(answer->status == 200, answer->body);
}

void EtcdServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void EtcdServer::pause() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
  REQUIRE(WIFSTOPPED(status));
}

void EtcdServer::go_on() {
  ::kill(pid_, SIGCONT);
}

}  // namespace tandemq::tests
