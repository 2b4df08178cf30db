#include "topic/subscription_index.hpp"

#include "base/checksum.hpp"
#include "base/ensure.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

namespace {

// Text up to this size lives inside std::string.
constexpr std::size_t kInlineSize = 15;

std::uint32_t text_hash(std::string_view text) {
  return static_cast<std::uint32_t>(checksum(text));
}

std::uint32_t edge_hash(std::uint32_t parent, std::string_view level) {
  return static_cast<std::uint32_t>(checksum(level, parent));
}

std::size_t level_cost(std::string_view level) {
  return level.size() > kInlineSize ? level.size() + 1 : 0;
}

// Finds by a text member in a vector of pointers that is ordered by it.
template <class Groups>
auto group_place(Groups& groups, std::string_view name) {
  return std::lower_bound(groups.begin(), groups.end(), name,
                          [](const auto& group, std::string_view n) { return group->name < n; });
}

auto member_place(std::vector<Subscription>& members, SessionId session) {
  return std::find_if(members.begin(), members.end(),
                      [session](const Subscription& each) { return each.session == session; });
}

}  // namespace

void Matches::clear() {
  direct.clear();
  groups.clear();
  steps.clear();
}

bool SubscriptionIndex::add(std::string_view filter, const Subscription& subscription) {
  ENSURE(subscription.session != SessionId::none, "a subscription belongs to a session");
  bool added = false;
  if (is_shared(filter)) {
    const auto shared = split_shared(filter);
    ENSURE(shared, "shared filters are checked before they are stored");
    const std::uint32_t id = obtain_filter(shared->filter);
    added = add_member(filters_[id], filter, shared->group, subscription);
  } else {
    added = add_direct(filters_[obtain_filter(filter)], subscription);
  }
  if (added) ++counts_.subscriptions;
  return added;
}

bool SubscriptionIndex::remove(std::string_view filter, SessionId session) {
  const auto shared = split_shared(filter);
  const std::string_view plain = shared ? shared->filter : filter;
  const std::uint32_t id = find_filter(plain);
  if (id == 0) return false;
  Filter& found = filters_[id];
  const bool removed =
      shared ? remove_member(found, shared->group, session) : remove_direct(found, session);
  if (!removed) return false;
  --counts_.subscriptions;
  if (found.crowd && found.crowd->groups.empty() && found.crowd->direct.size() <= 1) {
    found.only = found.crowd->direct.size() == 1 ? found.crowd->direct.front() : Subscription{};
    found.crowd.reset();
  }
  if (!found.crowd && found.only.session == SessionId::none) drop_filter(plain, id);
  return true;
}

void SubscriptionIndex::match(std::string_view topic, Matches& out) const {
  out.clear();
  if (topic.empty()) return;
  if (const std::uint32_t exact = find_exact(topic); exact != 0) report(exact, out);
  if (nodes_[0].children == 0 && nodes_[0].below == 0) return;  // There are no wildcards.
  // Depth first with a stack of our own. Every node is visited at most once, since it has one
  // parent, so the work is bounded by the nodes that exist, however many "+" meet.
  out.steps.push_back({0, 0});
  while (!out.steps.empty()) {
    const Matches::Step step = out.steps.back();
    out.steps.pop_back();
    const Node& node = nodes_[step.node];
    const bool wildcards_apply = step.node != 0 || topic.front() != '$';  // [MQTT-4.7.2-1]
    if (node.below != 0 && wildcards_apply) report(node.below, out);
    LevelsView levels(topic, step.position);
    if (levels.at_end()) {
      if (node.here != 0) report(node.here, out);
      continue;
    }
    if (node.children == 0) continue;
    const std::string_view level = levels.next();
    const auto position = static_cast<std::uint32_t>(levels.position());
    if (node.plus != 0 && wildcards_apply) out.steps.push_back({node.plus, position});
    if (node.children == (node.plus != 0 ? 1U : 0U)) continue;
    if (const std::uint32_t child = find_child(step.node, level); child != 0) {
      out.steps.push_back({child, position});
    }
  }
}

const std::vector<Subscription>* SubscriptionIndex::shared_members(std::uint64_t group_key) const {
  const auto place = groups_.find(group_key);
  return place == groups_.end() ? nullptr : &place->second->members;
}

const Subscription* SubscriptionIndex::find(std::string_view filter, SessionId session) const {
  const auto shared = split_shared(filter);
  const std::uint32_t id = find_filter(shared ? shared->filter : filter);
  if (id == 0) return nullptr;
  const Filter& found = filters_[id];
  if (!shared) {
    if (found.crowd) return found.crowd->direct.find(session);
    return found.only.session == session ? &found.only : nullptr;
  }
  if (!found.crowd) return nullptr;
  const auto group = group_place(found.crowd->groups, shared->group);
  if (group == found.crowd->groups.end() || (*group)->name != shared->group) return nullptr;
  const auto member = member_place((*group)->members, session);
  return member == (*group)->members.end() ? nullptr : &*member;
}

std::size_t SubscriptionIndex::memory_size() const {
  // Every subscription but the first of a filter stands in a list.
  const std::size_t in_lists = counts_.subscriptions - counts_.filters;
  return filters_.memory_size() + nodes_.memory_size() + exact_.memory_size() +
         edges_.memory_size() + text_size_ + in_lists * sizeof(Subscription) +
         counts_.groups * (sizeof(Group) + sizeof(Crowd));
}

std::uint32_t SubscriptionIndex::find_filter(std::string_view filter) const {
  if (!has_wildcard(filter)) return find_exact(filter);
  std::uint32_t node = 0;
  for (LevelsView levels(filter); !levels.at_end();) {
    const std::string_view level = levels.next();
    if (level == "#") return nodes_[node].below;
    node = find_child(node, level);
    if (node == 0) return 0;
  }
  return nodes_[node].here;
}

std::uint32_t SubscriptionIndex::find_exact(std::string_view text) const {
  return exact_.find(text_hash(text),
                     [&](std::uint32_t id) { return filters_[id].name() == text; });
}

std::uint32_t SubscriptionIndex::find_child(std::uint32_t parent, std::string_view level) const {
  if (level == "+") return nodes_[parent].plus;
  return edges_.find(edge_hash(parent, level), [&](std::uint32_t id) {
    return nodes_[id].parent == parent && nodes_[id].level == level;
  });
}

std::uint32_t SubscriptionIndex::obtain_filter(std::string_view filter) {
  if (!has_wildcard(filter)) return obtain_exact(filter);
  std::uint32_t node = 0;
  bool below = false;
  for (LevelsView levels(filter); !levels.at_end() && !below;) {
    const std::string_view level = levels.next();
    below = level == "#";
    if (!below) node = obtain_child(node, level);
  }
  std::uint32_t& id = below ? nodes_[node].below : nodes_[node].here;
  if (id == 0) {
    id = filters_.obtain();
    ++counts_.filters;
  }
  return id;
}

std::uint32_t SubscriptionIndex::obtain_exact(std::string_view text) {
  if (const std::uint32_t id = find_exact(text); id != 0) return id;
  const std::uint32_t id = filters_.obtain();
  Filter& filter = filters_[id];
  filter.text = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), filter.text.get());
  filter.text_size = static_cast<std::uint32_t>(text.size());
  exact_.insert(text_hash(text), id);
  text_size_ += text.size();
  ++counts_.filters;
  return id;
}

std::uint32_t SubscriptionIndex::obtain_child(std::uint32_t parent, std::string_view level) {
  if (const std::uint32_t id = find_child(parent, level); id != 0) return id;
  const std::uint32_t id = nodes_.obtain();
  nodes_[id].level = level;
  nodes_[id].parent = parent;
  if (level == "+") {
    nodes_[parent].plus = id;
  } else {
    edges_.insert(edge_hash(parent, level), id);
  }
  ++nodes_[parent].children;
  text_size_ += level_cost(level);
  ++counts_.nodes;
  return id;
}

void SubscriptionIndex::drop_filter(std::string_view filter, std::uint32_t id) {
  --counts_.filters;
  if (!has_wildcard(filter)) {
    exact_.erase(text_hash(filter), id);
    text_size_ -= filter.size();
    filters_.release(id);
    return;
  }
  filters_.release(id);
  std::uint32_t node = 0;
  bool below = false;
  for (LevelsView levels(filter); !levels.at_end() && !below;) {
    const std::string_view level = levels.next();
    below = level == "#";
    if (!below) node = find_child(node, level);
  }
  (below ? nodes_[node].below : nodes_[node].here) = 0;
  drop_unused_nodes(node);
}

// Removes the node and those above it that nothing needs any more.
void SubscriptionIndex::drop_unused_nodes(std::uint32_t node) {
  while (node != 0) {
    const Node& dead = nodes_[node];
    if (dead.here != 0 || dead.below != 0 || dead.children != 0) return;
    const std::uint32_t parent = dead.parent;
    if (dead.level == "+") {
      nodes_[parent].plus = 0;
    } else {
      edges_.erase(edge_hash(parent, dead.level), node);
    }
    --nodes_[parent].children;
    text_size_ -= level_cost(dead.level);
    --counts_.nodes;
    nodes_.release(node);
    node = parent;
  }
}

bool SubscriptionIndex::add_direct(Filter& filter, const Subscription& subscription) {
  if (filter.crowd) return filter.crowd->direct.put(subscription);
  const bool vacant = filter.only.session == SessionId::none;
  if (vacant || filter.only.session == subscription.session) {
    filter.only = subscription;
    return vacant;
  }
  filter.crowd = std::make_unique<Crowd>();
  filter.crowd->direct.put(filter.only);
  return filter.crowd->direct.put(subscription);
}

bool SubscriptionIndex::add_member(Filter& filter, std::string_view shared, std::string_view name,
                                   const Subscription& subscription) {
  if (!filter.crowd) {
    filter.crowd = std::make_unique<Crowd>();
    if (filter.only.session != SessionId::none) filter.crowd->direct.put(filter.only);
  }
  auto& groups = filter.crowd->groups;
  auto place = group_place(groups, name);
  if (place == groups.end() || (*place)->name != name) {
    auto group = std::make_unique<Group>(Group{unused_key(shared), std::string(name), {}});
    groups_.emplace(group->key, group.get());
    place = groups.insert(place, std::move(group));
    ++counts_.groups;
  }
  auto& members = (*place)->members;
  const auto member = member_place(members, subscription.session);
  if (member != members.end()) {
    *member = subscription;
    return false;
  }
  members.push_back(subscription);
  return true;
}

bool SubscriptionIndex::remove_direct(Filter& filter, SessionId session) {
  if (filter.crowd) return filter.crowd->direct.erase(session);
  if (filter.only.session != session) return false;
  filter.only = {};
  return true;
}

bool SubscriptionIndex::remove_member(Filter& filter, std::string_view name, SessionId session) {
  if (!filter.crowd) return false;
  auto& groups = filter.crowd->groups;
  const auto place = group_place(groups, name);
  if (place == groups.end() || (*place)->name != name) return false;
  auto& members = (*place)->members;
  const auto member = member_place(members, session);
  if (member == members.end()) return false;
  members.erase(member);
  if (!members.empty()) return true;
  groups_.erase((*place)->key);
  groups.erase(place);
  --counts_.groups;
  return true;
}

// The checksum of the whole shared filter. Two that collide, which takes intent, get different keys
// by order of arrival, which the log decides.
std::uint64_t SubscriptionIndex::unused_key(std::string_view shared) const {
  std::uint64_t seed = 0;
  while (groups_.count(checksum(shared, seed)) != 0) ++seed;
  return checksum(shared, seed);
}

void SubscriptionIndex::report(std::uint32_t id, Matches& out) const {
  const Filter& filter = filters_[id];
  if (!filter.crowd) {
    out.direct.push_back(filter.only);
    return;
  }
  filter.crowd->direct.append_to(out.direct);
  for (const auto& group : filter.crowd->groups) {
    out.groups.push_back({group->key, &group->members});
  }
}

}  // namespace tandemq
