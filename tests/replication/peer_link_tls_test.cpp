#include "replication/peer_link_tls.hpp"

#include "tests/replication/certificates.hpp"
#include "tests/replication/two_nodes.hpp"
#include "tests/store/samples.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <doctest/doctest.h>

namespace tandemq {
namespace {

using asio::ip::tcp;
using tests::Authority;
using tests::TempFolder;
using tests::TwoNodes;
using Context = std::shared_ptr<asio::ssl::context>;

Context context_of(const ReplicationConfig& config) {
  const auto made = make_peer_context(config);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().text));
  return *made;
}

// As make_peer_context(), but it checks nothing and verifies nobody.
Context careless_context(const ReplicationConfig& config) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls);
  if (config.tls_cert.empty()) return context;
  context->use_certificate_chain_file(config.tls_cert);
  context->use_private_key_file(config.tls_key, asio::ssl::context::pem);
  return context;
}

std::string error_of(const ReplicationConfig& config) {
  const auto made = make_peer_context(config);
  REQUIRE_FALSE(made.has_value());
  return made.error().text;
}

void expect_text(const std::optional<std::string>& text, const std::string& part) {
  CHECK_MESSAGE(text.value_or("").find(part) != std::string::npos, text.value_or("not closed"));
}

struct Folder {
  TempFolder folder;
  Authority authority{folder.path(), "authority"};
};

// Runs until both are refused.
void expect_refusals(TwoNodes& nodes) {
  nodes.start();
  REQUIRE(nodes.run_until([&] { return nodes.dialler.why && nodes.acceptor.why; }));
  CHECK(nodes.dialler.refused);
  CHECK(nodes.acceptor.refused);
  CHECK(nodes.run_out());
}

}  // namespace

TEST_CASE("two nodes with certificates of one authority open a link, with a secret or without") {
  const Folder files;
  for (const char* secret : {"secret", ""}) {
    TwoNodes nodes;
    nodes.dialler.tls = context_of(files.authority.issue("a"));
    nodes.acceptor.tls = context_of(files.authority.issue("b", {}, "serverAuth,clientAuth"));
    nodes.dialler.secret = nodes.acceptor.secret = secret;
    nodes.open();
    Records large;
    large.records.emplace_back(5'000'000, 'z');
    nodes.dialler.link->send(large);
    nodes.dialler.link->send(Ping{7, true});
    nodes.acceptor.link->send(Ping{8, false});
    nodes.dialler.link->close();
    REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
    CHECK(nodes.acceptor.frames == std::vector<Frame>{large, Ping{7, true}});
    expect_text(nodes.acceptor.why, "the peer 'a' closed the connection");
    CHECK(nodes.run_out());
  }
}

TEST_CASE("certificates do not make up for another secret") {
  const Folder files;
  TwoNodes nodes;
  nodes.dialler.tls = context_of(files.authority.issue("a"));
  nodes.acceptor.tls = context_of(files.authority.issue("b"));
  nodes.acceptor.secret = "another secret";
  expect_refusals(nodes);
  expect_text(nodes.dialler.why, "replication.secret_file");
  expect_text(nodes.acceptor.why, "replication.secret_file");
}

TEST_CASE("a certificate of another authority is refused on either side") {
  const Folder files;
  const Authority other(files.folder.path(), "other");
  ReplicationConfig stranger = other.issue("stranger");
  stranger.tls_ca = files.authority.file();  // It would take ours.
  for (const bool dials : {true, false}) {
    TwoNodes nodes;
    tests::End& strange = dials ? nodes.dialler : nodes.acceptor;
    tests::End& sound = dials ? nodes.acceptor : nodes.dialler;
    strange.tls = context_of(stranger);
    sound.tls = context_of(files.authority.issue("sound"));
    expect_refusals(nodes);
    expect_text(sound.why, "showed a certificate that is not signed by replication.tls.ca");
    expect_text(strange.why, "refused our certificate, replication.tls.cert");
  }
}

TEST_CASE("a certificate whose time is over, or that is for servers alone, is refused") {
  const Folder files;
  for (const bool expired : {true, false}) {
    TwoNodes nodes;
    nodes.dialler.tls = careless_context(expired ? files.authority.issue("a", {-7'200, -3'600})
                                                 : files.authority.issue("a", {}, "serverAuth"));
    nodes.acceptor.tls = context_of(files.authority.issue("b"));
    expect_refusals(nodes);
    expect_text(nodes.acceptor.why,
                expired ? "whose time is not now" : "not for both servers and clients");
    expect_text(nodes.dialler.why, "refused our certificate");
  }
}

TEST_CASE("a peer without a certificate is refused") {
  const Folder files;
  TwoNodes nodes;
  nodes.dialler.tls = careless_context({});
  nodes.acceptor.tls = context_of(files.authority.issue("b"));
  expect_refusals(nodes);
  expect_text(nodes.acceptor.why, "showed no certificate");
  expect_text(nodes.dialler.why, "refused our certificate");
}

TEST_CASE("a peer that speaks TLS 1.2 at most is refused") {
  const Folder files;
  TwoNodes nodes;
  nodes.dialler.tls = careless_context(files.authority.issue("a"));
  nodes.dialler.tls->set_options(asio::ssl::context::no_tlsv1_3);
  nodes.acceptor.tls = context_of(files.authority.issue("b"));
  expect_refusals(nodes);
  expect_text(nodes.acceptor.why, "does not get on with us in TLS 1.3");
}

TEST_CASE("TLS on one side alone opens no link") {
  const Folder files;
  for (const bool dials : {true, false}) {
    TwoNodes nodes;
    tests::End& secured = dials ? nodes.dialler : nodes.acceptor;
    secured.tls = context_of(files.authority.issue("a"));
    expect_refusals(nodes);
    expect_text(secured.why, "replication.tls.*");
  }
}

TEST_CASE("the time for the proof covers TLS") {
  const Folder files;
  TwoNodes nodes;
  nodes.acceptor.tls = context_of(files.authority.issue("b"));
  nodes.acceptor.timeout_ms = 50;
  const tcp::socket client = nodes.start_acceptor();
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
  expect_text(nodes.acceptor.why, "did not finish the handshake of TLS within 50 ms");
  CHECK(nodes.acceptor.refused);
}

TEST_CASE("a link may be closed during the handshake of TLS") {
  const Folder files;
  TwoNodes nodes;
  nodes.acceptor.tls = context_of(files.authority.issue("b"));
  nodes.dialler.tls = context_of(files.authority.issue("a"));
  nodes.start();
  nodes.acceptor.link->close();
  REQUIRE(nodes.run_until([&] { return nodes.dialler.why.has_value(); }));
  CHECK_FALSE(nodes.acceptor.why.has_value());
  CHECK(nodes.run_out());
}

TEST_CASE("without replication.tls.* there is no context, and with a part of it an error") {
  const Folder files;
  CHECK(context_of({}) == nullptr);
  ReplicationConfig config = files.authority.issue("a");
  config.tls_key.clear();
  CHECK(error_of(config) ==
        "replication.tls.cert, key and ca: TLS between the nodes needs all three");
}

TEST_CASE("what is wrong with the files of replication.tls.* names the key and the file") {
  const Folder files;
  const ReplicationConfig sound = files.authority.issue("a");
  const auto error_with = [&](std::string ReplicationConfig::*key, const std::string& file) {
    ReplicationConfig config = sound;
    config.*key = file;
    return error_of(config);
  };
  const std::string folder = files.folder.path();
  CHECK(error_with(&ReplicationConfig::tls_cert, folder + "/none") ==
        "replication.tls.cert = '" + folder + "/none': cannot be read: No such file or directory");
  expect_text(error_with(&ReplicationConfig::tls_key, folder + "/none"), "replication.tls.key = '");
  expect_text(error_with(&ReplicationConfig::tls_ca, folder + "/none"), "replication.tls.ca = '");

  expect_text(error_with(&ReplicationConfig::tls_cert, sound.tls_key), "no certificate in PEM");
  expect_text(error_with(&ReplicationConfig::tls_ca, sound.tls_key), "no certificate in PEM");
  expect_text(error_with(&ReplicationConfig::tls_key, sound.tls_cert), "no key in PEM");
  expect_text(error_with(&ReplicationConfig::tls_key, files.authority.issue("b").tls_key),
              "is not the key of the certificate in replication.tls.cert = '" + sound.tls_cert);
  tests::encrypt_key(sound.tls_key, folder + "/encrypted");
  expect_text(error_with(&ReplicationConfig::tls_key, folder + "/encrypted"),
              "replication.tls.key = '" + folder + "/encrypted': holds no key in PEM without");
}

TEST_CASE("a certificate of our own that the peer would refuse is refused at the start") {
  const Folder files;
  expect_text(error_of(files.authority.issue("old", {-7'200, -3'600})), "has expired");
  expect_text(error_of(files.authority.issue("new", {3'600, 7'200})), "is not valid before");
  for (const char* usage : {"serverAuth", "clientAuth"})
    expect_text(error_of(files.authority.issue("half", {}, usage)), "for servers and for clients");
}

}  // namespace tandemq
