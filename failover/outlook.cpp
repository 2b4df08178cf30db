#include "failover/outlook.hpp"

#include <algorithm>

namespace tandemq::failover {
namespace {

constexpr const char* kGateway = "a failover.gateway answers";
constexpr const char* kFence = "when failover.fence_command has ended the other node";

// How soon, if it is the process that dies, and if it is the machine.
std::string soon(std::uint32_t silent_ms, FailoverPolicy policy) {
  const std::string when = "at once if only its process dies, after " + std::to_string(silent_ms) +
                           " ms if its machine does";
  switch (policy) {
    case FailoverPolicy::fence:
      return when + ", and then only " + kFence;
    case FailoverPolicy::gateway:
      return when + ", and then only if " + kGateway;
    case FailoverPolicy::automatic:
    case FailoverPolicy::heartbeat:
    case FailoverPolicy::manual:
      break;
  }
  return when;
}

constexpr const char* kNoWitness =
    "the witness does not answer: 'tandemqctl witness show' says why";

Outlook of_listed(const Facts& facts, const Settings& settings) {
  if (!facts.witness.answers) return {false, std::string("does not take over, for ") + kNoWitness};
  if (!facts.witness.may_claim)
    return {false, "does not take over: the witness does not list it as in sync"};
  if (settings.policy == FailoverPolicy::manual)
    return {false, "does not take over by itself, for failover.policy is manual"};
  const auto silent_ms = std::max<std::int64_t>(settings.silent_ms, kUnmoved_ms);
  return {true, "takes over by the witness: " +
                    soon(static_cast<std::uint32_t>(silent_ms), settings.policy)};
}

// Of a primary that has one.
Outlook of_witnessed(const Facts& facts) {
  if (facts.witness.answers) return {true, "goes on alone as soon as the witness agrees"};
  return {false, std::string("stops, for ") + kNoWitness};
}

Outlook of_standby(Role role, const Facts& facts, const Settings& settings) {
  if (settings.witness) return of_listed(facts, settings);
  Standing standing = facts.standing;
  standing.follows = false;
  const Objection objection = objection_to_lead(standing);
  if (objection != Objection::none)
    return {false, "does not take over: " + std::string(sentence_of(objection))};
  const bool manual = settings.policy == FailoverPolicy::manual;
  if (role == Role::insync && !manual)
    return {true, "takes over: " + soon(settings.silent_ms, settings.policy)};
  const char* why = manual ? "for failover.policy is manual" : "for it follows nobody";
  return {false, std::string("does not take over by itself, ") + why +
                     ": 'tandemqctl promote' has it lead"};
}

Outlook of_syncing(const Facts& facts) {
  if (facts.standing.outdated)
    return {false,
            "does not take over: the primary went on without it, and it lacks acknowledged "
            "messages until it is in sync"};
  return {false, "does not take over: it is catching up, and not in sync yet"};
}

Outlook of_claiming(const Settings& settings) {
  if (settings.policy == FailoverPolicy::fence) return {false, "takes over " + std::string(kFence)};
  if (settings.policy == FailoverPolicy::gateway)
    return {true, "takes over if " + std::string(kGateway)};
  return {true, "is taking over"};
}

}  // namespace

Outlook outlook_of(Role role, const Facts& facts, const Settings& settings) {
  switch (role) {
    case Role::reconciling:
    case Role::insync:
      return of_standby(role, facts, settings);
    case Role::syncing:
      return of_syncing(facts);
    case Role::claiming:
      return of_claiming(settings);
    case Role::promoting:
      return {true, "is about to serve"};
    case Role::solo:
      return {true, "goes on alone, as it does now"};
    case Role::paired:
      if (settings.witness) return of_witnessed(facts);
      return {true, "goes on alone: " + soon(settings.alone_ms, settings.policy)};
    case Role::stalled:
      if (settings.witness) return of_witnessed(facts);
      return {true, "holds its acknowledgements already, and goes on alone: " +
                        soon(settings.alone_ms, settings.policy)};
    case Role::handing:
      return {false,
              "stops and waits for the other node, which may lead already: it was offered that"};
    case Role::demoting:
      break;
  }
  return {false, "is stepping down, and follows whoever leads"};
}

}  // namespace tandemq::failover
