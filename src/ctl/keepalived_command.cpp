#include "ctl/keepalived_command.hpp"

#include "ctl/keepalived_choice.hpp"
#include "ctl/settings_source.hpp"
#include "ctl/status.hpp"

#include <iostream>

namespace tandemq {
namespace {

tl::expected<Config, CommandFailure> settings_of(const std::string& socket,
                                                 const std::string& file) {
  if (file.empty()) {
    auto asked = ask_settings(AdminClient(socket));
    if (!asked) return tl::unexpected(asked.error());
    return std::move(asked->config);
  }
  LoadedConfig read = read_settings(file);
  if (any_error(read.findings))
    return tl::unexpected(
        CommandFailure{CommandFailure::Kind::refused, "\n" + report_of(read.findings)});
  return std::move(read.config);
}

}  // namespace

int run_keepalived_config(const std::string& socket, const Request& request) {
  const Json& arguments = request.arguments;
  const auto config = settings_of(socket, text_of(arguments, "config"));
  if (!config) return complain(config.error());
  const auto here = network_addresses();
  if (!here) return complain(kRefused, here.error().text);
  const KeepalivedWords words{text_of(arguments, "interface"), text_of(arguments, "own_ip"),
                              text_of(arguments, "peer_ip"),
                              arguments.value("router_id", std::uint32_t{0})};
  const auto choice = keepalived_choice(*config, words, *here);
  if (!choice) return complain(kRefused, choice.error().text);
  const auto text = keepalived_config(*choice);
  if (!text) return complain(kRefused, text.error().text);
  std::cout << (request.json ? json_text(Json{{"config", *text}}) + "\n" : *text) << std::flush;
  return kDone;
}

}  // namespace tandemq
