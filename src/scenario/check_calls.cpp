#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "stampede/base/text.hpp"
#include "stampede/model/call_gate.hpp"
#include "stampede/model/connection_pool.hpp"
#include "stampede/model/messages.hpp"
#include "stampede/model/records.hpp"
#include "targets.hpp"

namespace stampede {
namespace {

/// Somebody names a component in order to call it.
struct Call {
  std::size_t from;
  std::size_t to;
  Place place;
  bool is_limited = false;  ///< a call that is never answered comes to an end
};

/// Who calls whom: populations of traffic first, then components.
class CallGraph {
 public:
  explicit CallGraph(const Scenario& scenario) : traffic_count_(scenario.traffic.size()) {
    for (const auto& population : scenario.traffic) {
      names_.push_back(population.name);
    }
    for (const auto& component : scenario.components) {
      names_.push_back(component.name);
    }
    std::set<std::string, std::less<>> limited;
    for (const auto& call : scenario.facts.all<CallSettings>()) {
      if (call.what.is_limited()) {
        limited.insert(call.path);
      }
    }
    std::set<std::string, std::less<>> limits_its_calls;
    for (const auto& component : scenario.facts.all<LimitsItsCalls>()) {
      limits_its_calls.insert(component.path);
    }
    calls_of_.resize(size());
    std::set<std::string, std::less<>> consumers;
    for (const auto& consumer : scenario.facts.all<ReceivesFrom>()) {
      consumers.insert(consumer.path);
    }
    std::set<std::string, std::less<>> pools;
    for (const auto& pool : scenario.facts.all<CallsOverPool>()) {
      pools.insert(pool.path + ".target");
    }
    for (const auto& guards : scenario.facts.all<GuardsCalls>()) {
      pools.insert(guards.path + ".target");
    }
    for (const ComponentReference& reference : scenario.references) {
      if (pools.contains(reference.path)) {
        continue;  // how it calls, not that it does
      }
      const std::optional<std::size_t> from = caller(reference.path);
      const std::optional<std::size_t> to = component(reference.name);
      if (from && to) {
        // A reference is the shorthand of the call's settings, or one of their keys.
        const std::string_view path = reference.path;
        const std::string_view settings = path.substr(0, path.rfind('.'));
        if (consumers.contains(path) || consumers.contains(settings)) {
          feeds_.push_back({*to, *from, reference.place});
          continue;
        }
        const bool is_limited = limited.contains(path) || limited.contains(settings) ||
                                limits_its_calls.contains("components." + reference.name);
        calls_of_[*from].push_back(calls_.size());
        calls_.push_back({*from, *to, reference.place, is_limited});
      }
    }
  }

  std::size_t size() const { return names_.size(); }
  std::size_t traffic_count() const { return traffic_count_; }
  const std::string& name(std::size_t node) const { return names_[node]; }
  const std::vector<Call>& calls() const { return calls_; }
  /// From queues to those who consume their messages: nobody waits at the other end.
  const std::vector<Call>& feeds() const { return feeds_; }

  std::optional<std::size_t> component(const std::string& name) const {
    const auto at =
        std::find(names_.begin() + static_cast<std::ptrdiff_t>(traffic_count_), names_.end(), name);
    return at == names_.end() ? std::nullopt
                              : std::optional(static_cast<std::size_t>(at - names_.begin()));
  }
  /// The component whose settings are at "components.<name>" or below.
  std::optional<std::size_t> component_at(std::string_view path) const {
    constexpr std::string_view section = "components.";
    return path.starts_with(section) ? component(first_part(path.substr(section.size())))
                                     : std::nullopt;
  }

  /// What can be reached from `starts` over calls that `may_pass` lets through. The starts are only
  /// among it if a call leads back to them.
  template <class MayPass>
  std::vector<bool> reached(std::vector<std::size_t> starts, const MayPass& may_pass) const {
    std::vector<bool> reached(size(), false);
    while (!starts.empty()) {
      const std::size_t at = starts.back();
      starts.pop_back();
      for (const std::size_t i : calls_of_[at]) {
        const Call& call = calls_[i];
        if (!reached[call.to] && may_pass(call)) {
          reached[call.to] = true;
          starts.push_back(call.to);
        }
      }
    }
    return reached;
  }

  /// The same, over all calls and the messages that they leave in queues.
  std::vector<bool> reached_by_messages(std::vector<std::size_t> starts) const {
    const auto any = [](const Call&) { return true; };
    for (;;) {
      std::vector<bool> reached = this->reached(starts, any);
      const std::size_t known = starts.size();
      for (const Call& feed : feeds_) {
        if (reached[feed.from] &&
            std::find(starts.begin(), starts.end(), feed.to) == starts.end()) {
          starts.push_back(feed.to);
        }
      }
      for (const std::size_t start : starts) {
        reached[start] = true;
      }
      if (starts.size() == known) {
        return reached;
      }
    }
  }

  /// A shortest way over calls from a node back to itself; empty if there is none.
  std::vector<std::size_t> circle_through(std::size_t node) const {
    std::vector<std::optional<std::size_t>> came_from(size());
    std::vector<std::size_t> front{node};
    for (std::size_t i = 0; i < front.size(); ++i) {
      for (const std::size_t call : calls_of_[front[i]]) {
        const std::size_t to = calls_[call].to;
        if (!came_from[to]) {
          came_from[to] = front[i];
          front.push_back(to);
        }
      }
    }
    std::vector<std::size_t> circle;
    if (came_from[node]) {
      std::size_t at = node;
      do {
        at = *came_from[at];
        circle.insert(circle.begin(), at);
      } while (at != node);
    }
    return circle;
  }

 private:
  static std::string first_part(std::string_view path) {
    return std::string(path.substr(0, path.find('.')));
  }

  /// "traffic.<name>.…" and "components.<name>.…" call; a fault only names whom it strikes.
  std::optional<std::size_t> caller(std::string_view path) const {
    constexpr std::string_view section = "traffic.";
    if (path.starts_with(section)) {
      const std::string name = first_part(path.substr(section.size()));
      for (std::size_t i = 0; i < traffic_count_; ++i) {
        if (names_[i] == name) {
          return i;
        }
      }
    }
    return component_at(path);
  }

  std::size_t traffic_count_;
  std::vector<std::string> names_;
  std::vector<Call> calls_;  // in the order of the text
  std::vector<Call> feeds_;
  std::vector<std::vector<std::size_t>> calls_of_;  // by caller, indices of calls_
};

class CallChecker {
 public:
  CallChecker(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems), graph_(scenario) {
    for (std::size_t i = 0; i < graph_.traffic_count(); ++i) {
      traffic_.push_back(i);
    }
  }

  void run() {
    check_reachable();
    check_silence();
    check_losses();
    check_losing_faults();
    check_circles();
    check_devices();
    check_loops();
    check_views();
    check_empty_stores();
    check_patience();
    check_handlers();
    check_pools();
  }

 private:
  void warning(const Place& place, std::string what, std::string hint) {
    problems_.push_back({Severity::warning, place, std::move(what), {}, std::move(hint)});
  }

  void check_reachable() {
    const std::vector<bool> reached = graph_.reached_by_messages(traffic_);
    for (const auto& component : scenario_.components) {
      const std::size_t node = *graph_.component(component.name);
      if (reached[node]) {
        continue;
      }
      std::string callers;
      for (const Call& call : graph_.calls()) {
        if (call.to == node && call.from != node && callers.empty()) {
          callers = fmt::format("it is called by '{}', which no request reaches either",
                                graph_.name(call.from));
        }
      }
      for (const Call& feed : graph_.feeds()) {
        if (feed.to == node && callers.empty()) {
          callers =
              fmt::format("it consumes '{}', into which nobody publishes", graph_.name(feed.from));
        }
      }
      problems_.push_back(
          {Severity::error, component.place,
           callers.empty() ? fmt::format("nothing calls '{}'", component.name)
                           : fmt::format("no request reaches '{}': {}", component.name, callers),
           "a call, a backend or a target of traffic that leads to it", "or remove it"});
    }
  }

  /// What requests reach without a time limit on the way: who waits for these may wait for ever.
  std::vector<bool> reached_without_limit() const {
    return graph_.reached(traffic_, [](const Call& call) { return !call.is_limited; });
  }

  /// A dead machine does not answer; only a time limit notices.
  void check_silence() {
    const std::vector<bool> unlimited = reached_without_limit();
    const auto faults = scenario_.facts.all<FaultSettings>();
    const Targets targets(scenario_);
    for (const auto& silent : scenario_.facts.all<FallsSilent>()) {
      for (const auto& fault : faults) {
        if (fault.path != silent.path) {
          continue;
        }
        for (const auto& component : scenario_.components) {
          const TargetSettings& target = fault.what.target;
          const bool is_struck = target.component.name == component.name ||
                                 targets.met(target, component.name).value_or(0) > 0;
          if (is_struck && unlimited[*graph_.component(component.name)]) {
            warning(silent.place,
                    fmt::format("requests to '{}' that {} swallows wait for ever: no call on their "
                                "way has a time limit",
                                component.name, fault.path),
                    "give the traffic or the calls a timeout");
            break;
          }
        }
      }
    }
  }

  /// A lost message is never answered either.
  void check_losses() {
    const NetworkSettings& network = scenario_.network;
    const auto loses = [](const std::optional<LinkSettings>& link) {
      return link && link->loss.value > 0;
    };
    const bool inside = loses(network.within_zone) || loses(network.between_zones) ||
                        loses(network.between_regions) ||
                        std::any_of(network.links.begin(), network.links.end(),
                                    [](const LinkOverride& o) { return o.link.loss.value > 0; });
    const std::vector<bool> unlimited = reached_without_limit();
    for (const Call& call : graph_.calls()) {
      const bool by_users = call.from < graph_.traffic_count();
      if (call.is_limited ||
          !(by_users ? loses(network.to_users) : inside && unlimited[call.from])) {
        continue;
      }
      warning(call.place,
              fmt::format("nobody notices when the network loses a message between '{}' and '{}': "
                          "the call has no time limit",
                          graph_.name(call.from), graph_.name(call.to)),
              by_users ? fmt::format("give traffic.{} a timeout", graph_.name(call.from))
                       : std::string("give the call a timeout"));
      return;  // one example will do
    }
  }

  /// Nor is one that a fault loses.
  void check_losing_faults() {
    const std::vector<bool> unlimited = reached_without_limit();
    for (const auto& fault : scenario_.facts.all<LosesMessages>()) {
      const auto swallowed = [&](const Call& call) {
        const bool by_users = call.from < graph_.traffic_count();
        return !call.is_limited &&
               (by_users ? fault.what.of_users : fault.what.inside && unlimited[call.from]);
      };
      const auto call = std::find_if(graph_.calls().begin(), graph_.calls().end(), swallowed);
      if (call != graph_.calls().end()) {
        warning(fault.place,
                fmt::format("nobody notices when {} loses a message between '{}' and '{}': the "
                            "call has no time limit",
                            fault.path, graph_.name(call->from), graph_.name(call->to)),
                "give the traffic or the call a timeout");
      }
    }
  }

  /// All workers may wait for workers of the same component.
  void check_circles() {
    std::set<std::size_t> told;
    for (const auto& holder : scenario_.facts.all<HoldsWorkers>()) {
      const std::optional<std::size_t> node = graph_.component_at(holder.path);
      const std::vector<std::size_t> circle =
          node ? graph_.circle_through(*node) : std::vector<std::size_t>();
      if (circle.empty() || told.contains(*node)) {
        continue;
      }
      told.insert(circle.begin(), circle.end());
      std::string way;
      for (const std::size_t at : circle) {
        way += graph_.name(at) + " -> ";
      }
      warning(holder.place,
              fmt::format("calls go in a circle ({}{}), and '{}' holds a worker while it waits: "
                          "when all are held, all wait for each other",
                          way, graph_.name(*node), graph_.name(*node)),
              "use concurrency of kind async, or limit the calls by timeouts");
    }
  }

  /// What is on users' devices is reached by users.
  void check_devices() {
    for (const auto& fact : scenario_.facts.all<OnUsersDevices>()) {
      const std::optional<std::size_t> device = graph_.component_at(fact.path);
      for (const Call& call : graph_.calls()) {
        if (device && call.to == *device && call.from >= graph_.traffic_count()) {
          problems_.push_back({Severity::error,
                               call.place,
                               fmt::format("'{}' is on the devices of users: '{}' cannot reach it",
                                           graph_.name(*device), graph_.name(call.from)),
                               {},
                               "let traffic begin there"});
        }
      }
    }
  }

  /// Somebody has to answer.
  void check_loops() {
    std::set<std::size_t> passing;
    for (const auto& fact : scenario_.facts.all<PassesOn>()) {
      if (const auto node = graph_.component_at(fact.path)) {
        passing.insert(*node);
      }
    }
    for (const std::size_t node : passing) {
      const std::vector<std::size_t> circle = graph_.circle_through(node);
      const bool is_loop = std::all_of(circle.begin(), circle.end(),
                                       [&](std::size_t at) { return passing.contains(at); });
      if (circle.empty() || !is_loop) {
        continue;
      }
      std::string way;
      for (const std::size_t at : circle) {
        way += graph_.name(at) + " -> ";
      }
      const auto& component = scenario_.components[node - graph_.traffic_count()];
      problems_.push_back({Severity::error,
                           component.place,
                           fmt::format("requests go round for ever ({}{}): none of these answers "
                                       "by itself",
                                       way, graph_.name(node)),
                           {},
                           "let one of them lead to a service or a store"});
      return;
    }
  }

  /// What two stores bring into each other, each would show as the other's for ever.
  void check_views() {
    const auto facts = scenario_.facts.all<MakesView>();
    for (const auto& begin : facts) {
      // A shortest way back to the view's source, over the views of it and their views.
      std::map<std::string, std::string> source_of{{begin.what.view, begin.what.source}};
      std::vector<std::string> front{begin.what.view};
      for (std::size_t i = 0; i < front.size(); ++i) {
        for (const auto& next : facts) {
          if (next.what.source == front[i] && source_of.emplace(next.what.view, front[i]).second) {
            front.push_back(next.what.view);
          }
        }
      }
      if (begin.what.view != begin.what.source && !source_of.contains(begin.what.source)) {
        continue;
      }
      std::string way = begin.what.source;
      std::string at = begin.what.source;
      do {
        at = at == begin.what.view ? begin.what.source : source_of.at(at);
        way = at + " -> " + way;
      } while (at != begin.what.source);
      problems_.push_back(
          {Severity::error,
           begin.what.place,
           fmt::format("'{}' is a view of itself ({}): what it shows would come from what it shows",
                       begin.what.view, way),
           {},
           "let one of them be the source of the others"});
      return;
    }
  }

  /// Connections over which nobody calls, and guards of calls that nobody makes.
  void check_pools() {
    for (const auto& pool : scenario_.facts.all<CallsOverPool>()) {
      check_is_called(pool.path, pool.what.target, pool.what.place, "connections to", "the pool");
    }
    for (const auto& guards : scenario_.facts.all<GuardsCalls>()) {
      check_is_called(guards.path, guards.what.target, guards.what.place, "guards in front of",
                      "them");
    }
  }

  void check_is_called(const std::string& path, const std::string& target, const Place& place,
                       std::string_view what, std::string_view it) {
    const auto from = graph_.component_at(path);
    const auto to = graph_.component(target);
    const bool is_used =
        from && to &&
        std::any_of(graph_.calls().begin(), graph_.calls().end(),
                    [&](const Call& call) { return call.from == *from && call.to == *to; });
    if (from && !is_used) {
      warning(place,
              fmt::format("'{}' has {} '{}', which none of its steps calls", graph_.name(*from),
                          what, target),
              fmt::format("name the component that its steps name, or leave {} out", it));
    }
  }

  /// What begins empty is read in vain unless somebody writes.
  void check_empty_stores() {
    std::vector<std::size_t> written;
    for (const auto& fact : scenario_.facts.all<WritesInto>()) {
      if (const auto node = graph_.component(fact.what.target)) {
        written.push_back(*node);
      }
    }
    std::vector<bool> is_written = graph_.reached(written, [](const Call&) { return true; });
    for (const std::size_t node : written) {
      is_written[node] = true;
    }
    for (const auto& fact : scenario_.facts.all<BeginsEmpty>()) {
      const auto node = graph_.component_at(fact.path);
      if (node && !is_written[*node]) {
        warning(fact.place,
                fmt::format("'{}' has no objects and nobody writes any: no read finds one",
                            graph_.name(*node)),
                "say how many objects are there when the run begins");
      }
    }
  }

  /// Patience ends in a line of waiting requests, nowhere else.
  void check_patience() {
    std::vector<bool> has_queue(graph_.size(), false);
    for (const auto& queue : scenario_.facts.all<HasQueue>()) {
      if (const auto node = graph_.component_at(queue.path)) {
        has_queue[*node] = true;
      }
    }
    for (std::size_t i = 0; i < graph_.traffic_count(); ++i) {
      const auto& population = scenario_.traffic[i];
      if (!population.value.patience) {
        continue;
      }
      const std::vector<bool> reached = graph_.reached({i}, [](const Call&) { return true; });
      bool waits_somewhere = false;
      for (std::size_t node = 0; node < graph_.size(); ++node) {
        waits_somewhere = waits_somewhere || (reached[node] && has_queue[node]);
      }
      if (!waits_somewhere) {
        warning(
            population.place,
            fmt::format("traffic.{}.patience has no effect: nothing that it reaches has a queue",
                        population.name),
            "give a service concurrency, or leave patience out");
      }
    }
  }

  void check_handlers() {
    std::vector<std::string> sent;
    for (const auto& population : scenario_.traffic) {
      for (const auto& request : population.value.requests) {
        sent.push_back(request.name);
      }
      if (population.value.requests.empty()) {
        sent.emplace_back("request");
      }
    }
    for (const auto& type : scenario_.facts.all<SendsType>()) {
      sent.push_back(type.what.type);
    }
    std::sort(sent.begin(), sent.end());
    sent.erase(std::unique(sent.begin(), sent.end()), sent.end());
    std::set<std::pair<int, int>> told;  // versions have the handlers that they inherit
    for (const auto& handler : scenario_.facts.all<HandlesType>()) {
      const std::string& type = handler.what.type;
      const Place& place = handler.what.place;
      if (place.line > 0 && !told.emplace(place.line, place.column).second) {
        continue;
      }
      if (!std::binary_search(sent.begin(), sent.end(), type)) {
        const std::string match = closest_match(type, sent);
        warning(handler.what.place.line > 0 ? handler.what.place : handler.place,
                fmt::format("{}.{} is never used: nobody sends requests of type '{}'", handler.path,
                            handler.what.key, type),
                match.empty() ? "what is sent is " + one_of(sent, type)
                              : fmt::format("did you mean '{}'?", match));
      }
    }
  }

  const Scenario& scenario_;
  Problems& problems_;
  CallGraph graph_;
  std::vector<std::size_t> traffic_;
};

}  // namespace

void check_calls(const Scenario& scenario, Problems& problems) {
  CallChecker(scenario, problems).run();
}

}  // namespace stampede
