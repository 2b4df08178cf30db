#include "node/certificates.hpp"

#include "config/files.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::int64_t kMsPerSecond = 1'000;

Result<std::shared_ptr<const TicketKeys>> make_ticket_keys(const Config& config) {
  if (config.replication.secret_file.empty()) return TicketKeys::random();
  const auto secret = read_secret(config.replication.secret_file);
  if (!secret) return failure("replication.secret_file: " + secret.error().text);
  return std::make_shared<const TicketKeys>(*secret);
}

bool has_certificate(const std::shared_ptr<const TlsContext>& context) {
  return context && !context->files().certificate.empty();
}

}  // namespace

Result<void> Certificates::load(const Config& config) {
  const bool any = std::any_of(config.listeners.begin(), config.listeners.end(),
                               [](const ListenerConfig& one) { return one.tls.has_value(); });
  if (any && !keys_) {
    auto keys = make_ticket_keys(config);
    if (!keys) return tl::unexpected(std::move(keys.error()));
    keys_ = std::move(*keys);
  }
  std::vector<std::string> addresses;
  std::vector<std::shared_ptr<const TlsContext>> contexts;
  for (const ListenerConfig& listener : config.listeners) {
    addresses.push_back(listener.url.substr(0, listener.url.find('?')));
    contexts.emplace_back();
    if (!listener.tls) continue;
    auto context = TlsContext::make(listener, keys_);
    if (!context) return tl::unexpected(std::move(context.error()));
    contexts.back() = std::move(*context);
  }
  addresses_ = std::move(addresses);
  contexts_ = std::move(contexts);
  return {};
}

std::vector<std::string> Certificates::warnings() const {
  std::vector<std::string> warnings;
  for (const auto& context : contexts_)
    if (context) {
      const ListenerContext& files = context->files();
      if (!files.warning.empty()) warnings.push_back(files.warning);
      warnings.insert(warnings.end(), files.notes.begin(), files.notes.end());
    }
  return warnings;
}

std::vector<Json> Certificates::rows() const {
  std::vector<Json> rows;
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    if (!has_certificate(contexts_[i])) continue;
    const ListenerContext& files = contexts_[i]->files();
    rows.push_back({{"listener", addresses_[i]},
                    {"certificate", files.certificate},
                    {"key", files.key},
                    {"expires_at", files.expires_at_s * kMsPerSecond},
                    {"valid", files.warning.empty()}});
  }
  return rows;
}

std::vector<CertificateFigures> Certificates::figures(Instant now) const {
  std::vector<CertificateFigures> figures;
  for (std::size_t i = 0; i < contexts_.size(); ++i)
    if (has_certificate(contexts_[i]))
      figures.push_back(
          {addresses_[i], contexts_[i]->files().expires_at_s - now.ms / kMsPerSecond});
  return figures;
}

}  // namespace tandemq
