// What the access rules in force say about somebody.
#include "access/access.hpp"
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace tandemq {
namespace {

std::vector<std::string> split_roles(const std::string& text) {
  std::vector<std::string> roles;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) roles.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return roles;
}

std::string joined_roles(const std::vector<std::string>& roles) {
  std::string text;
  for (const std::string& role : roles) text += (text.empty() ? "" : ",") + role;
  return text;
}

struct AclQuestion {
  Action action{};
  std::string topic;
  std::string client_id;
  std::string user;
  std::vector<std::string> roles;
  bool takes_connection = false;  // User and roles are those of the client, if it is connected.
};

Json ask_rules(const World& world, AclQuestion question) {
  if (question.takes_connection) {
    const Session* session = world.state.find_session(question.client_id);
    const Connection* connection = session == nullptr ? nullptr : world.connections.of(session->id);
    if (session != nullptr) question.user = session->user_name;
    if (connection != nullptr) question.roles = connection->roles;
  }
  const WhoView who{question.client_id, question.user, question.roles};
  const Verdict verdict = world.access->check(who, question.action, question.topic);
  Json json{{"allowed", verdict.allowed}};
  if (!question.user.empty()) json["user"] = question.user;
  if (!question.roles.empty()) json["roles"] = joined_roles(question.roles);
  if (!world.access->has_rules()) {
    json["why"] = "There is no auth.acl_file: everybody may do everything.";
  } else if (verdict.line == 0) {
    json["why"] = "No rule allows it.";
  } else {
    const Acl::Place place = world.access->acl()->place_of(verdict.line);
    json["rule"] = place.text;
    json["section"] = place.section;
    json["line"] = verdict.line;
    json["why"] = verdict.allowed ? "This rule allows it, and none denies it."
                                  : "This rule denies it, whatever others allow.";
  }
  return json;
}

Result<Json> test_acl(const CommandPorts& ports, const Json& arguments) {
  AclQuestion question;
  const std::string action = text_of(arguments, "action");
  question.action = action == "publish"     ? Action::publish
                    : action == "subscribe" ? Action::subscribe
                                            : Action::receive;
  question.topic = text_of(arguments, "topic");
  const bool is_filter = question.action == Action::subscribe;
  const auto shared = split_shared(question.topic);
  const bool sound = is_filter ? is_valid_filter(shared ? shared->filter : question.topic)
                               : is_valid_name(question.topic);
  if (!sound)
    return failure("'" + question.topic + "' is not a topic" + (is_filter ? " filter." : "."));
  question.client_id = text_of(arguments, "client");
  question.user = text_of(arguments, "user");
  question.roles = split_roles(text_of(arguments, "roles"));
  question.takes_connection = !arguments.contains("user") && !arguments.contains("roles");
  return ask(ports.runner, [question](Primary& primary, Instant) {
    return ask_rules(primary.broker().world(), question);
  });
}

}  // namespace

void add_acl_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.records["acl test"] = [ports](const Json& a) { return test_acl(ports, a); };
}

}  // namespace tandemq
