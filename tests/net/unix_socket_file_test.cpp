#include "net/unix_socket_file.hpp"

#include "net/listener.hpp"
#include "tests/net/loopback.hpp"
#include "tests/store/samples.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

struct SocketPlace {
  tests::TempFolder folder;
  std::string path = folder.path() + "/mqtt.sock";
};

sockaddr_un address_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// `own` is the path of the client itself, if it has one.
int open_at(const std::string& path, const std::string& own = "") {
  const sockaddr_un address = address_at(path);
  const sockaddr_un ours = address_at(own);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(socket >= 0);
  if (!own.empty())
    REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&ours), sizeof ours) == 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  ::close(socket);
  return -1;
}

std::string refusal_to_open(const std::string& path) {
  UnixSocketFile file(path, 0600);
  const auto opened = file.open(1);
  return opened ? "none" : opened.error().text;
}

}  // namespace

TEST_CASE("the file of a unix socket has its mode and goes with its owner") {
  const SocketPlace place;
  {
    UnixSocketFile file(place.path, 0640);
    const auto socket = file.open(1);
    REQUIRE(socket.has_value());
    struct stat status {};
    REQUIRE(::stat(place.path.c_str(), &status) == 0);
    CHECK(S_ISSOCK(status.st_mode));
    CHECK((status.st_mode & 0777U) == 0640U);
    const int client = open_at(place.path);
    CHECK(client >= 0);
    ::close(client);
    ::close(*socket);
  }
  CHECK_FALSE(fs::exists(place.path));
}

TEST_CASE("a socket on which nobody listens any more is replaced, another one never") {
  const SocketPlace place;
  const std::string other = place.folder.path() + "/other";
  int dead = -1;
  {
    UnixSocketFile file(place.path, 0600);
    dead = file.open(1).value();
    fs::create_hard_link(place.path, other);  // It outlives its owner.
    CHECK(refusal_to_open(place.path).find("another process listens on '" + place.path) == 0);
    CHECK(refusal_to_open(other).find("another process listens on '" + other) == 0);
    CHECK(fs::exists(other));
  }
  ::close(dead);
  REQUIRE(fs::exists(other));
  CHECK(open_at(other) < 0);
  CHECK(refusal_to_open(other) == "none");
}

TEST_CASE("what is no socket is left alone, and what cannot be made is told") {
  const SocketPlace place;
  std::ofstream(place.path) << "a letter";
  CHECK(refusal_to_open(place.path) == "'" + place.path + "' is there and is no socket");
  CHECK(fs::file_size(place.path) == 8);
  const std::string missing = place.folder.path() + "/none/mqtt.sock";
  CHECK(refusal_to_open(missing) ==
        "cannot listen on '" + missing + "': No such file or directory");
}

TEST_CASE("the file of a successor stays when its predecessor goes") {
  const SocketPlace place;
  UnixSocketFile first(place.path, 0600);
  const int socket = first.open(1).value();
  fs::rename(place.path, place.path + ".old");
  UnixSocketFile second(place.path, 0600);
  const int newer = second.open(1).value();
  first.remove();
  CHECK(fs::exists(place.path));
  ::close(socket);
  ::close(newer);
}

TEST_CASE("a client on a unix socket is of this machine, and known by its user and process") {
  const SocketPlace place;
  tests::Loopback loop;
  Reception reception({&loop.hub}, LimitsConfig{}, [](const std::string&) {});
  ListenerConfig config;
  config.scheme = "unix";
  config.url = "unix://" + place.path + "?mode=0600";
  config.unix_path = place.path;
  config.unix_mode = 0600;
  Listener listener(loop.io, config, reception);
  REQUIRE(listener.open().has_value());
  listener.start();
  CHECK(listener.bound_urls() == std::vector<std::string>{"unix://" + place.path});
  const int client = open_at(place.path, place.folder.path() + "/a-client-with-a-path-of-its-own");
  REQUIRE(client >= 0);
  REQUIRE(loop.run_until([&] { return loop.count<Opened>() == 1; }));
  const Origin& origin = *loop.last<Opened>().origin;
  CHECK(origin.address ==
        "unix:uid=" + std::to_string(::getuid()) + ",pid=" + std::to_string(::getpid()));
  CHECK(origin.loopback);
  CHECK(loop.ends.empty());  // There is nothing that a new primary could reset.
  ::close(client);
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  listener.close();
  CHECK_FALSE(fs::exists(place.path));
}

}  // namespace tandemq
