#include "node/node_witness.hpp"

#include "config/files.hpp"
#include "failover/etcd_witness.hpp"

#include <string>
#include <utility>

namespace tandemq {

Result<std::unique_ptr<Witness>> make_witness(asio::io_context& io, const Config& config) {
  const WitnessConfig& witness = config.witness;
  if (witness.etcd.empty()) return std::unique_ptr<Witness>();
  EtcdWitnessConfig etcd;
  etcd.urls = witness.etcd;
  etcd.cluster = config.cluster_id;
  etcd.user = witness.user;
  etcd.ca = witness.ca;
  etcd.cert = witness.cert;
  etcd.key = witness.key;
  if (!witness.password_file.empty()) {
    auto password = read_first_line(witness.password_file);
    if (!password) return failure("witness.etcd_password_file: " + password.error().text);
    etcd.password = std::move(*password);
  }
  auto made = make_etcd_witness(io, etcd);
  if (!made) return failure("witness.etcd: " + made.error().text);
  return made;
}

Json witness_json(const failover::WitnessDialogue& dialogue, Instant now) {
  const std::string& trouble = dialogue.trouble();
  Json json{{"answers", dialogue.answered_at().ms > 0 && trouble.empty()}};
  if (dialogue.answered_at().ms > 0) json["age_ms"] = ms_between(dialogue.answered_at(), now);
  if (!trouble.empty()) json["trouble"] = trouble;
  const auto& record = dialogue.entry().record;
  if (!record) return json;
  Json insync = Json::array();
  for (const WitnessMember& member : record->insync) insync.push_back(member.node);
  json.update(Json{{"term", record->term.counter},
                   {"primary", record->primary},
                   {"insync", std::move(insync)},
                   {"released", record->released}});
  return json;
}

}  // namespace tandemq
