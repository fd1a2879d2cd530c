#include "check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "stampede/base/text.hpp"
#include "stampede/model/capacity.hpp"
#include "stampede/model/connection_pool.hpp"
#include "stampede/model/in_process.hpp"
#include "stampede/model/limiter.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/releases.hpp"
#include "targets.hpp"

namespace stampede {
namespace {

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
  const std::string match = closest_match(word, names);
  return match.empty() ? std::string() : fmt::format("did you mean '{}'?", match);
}

std::string line_of(const Place& place) {
  return place.line > 0 ? fmt::format(" at line {}", place.line) : std::string();
}

class Checker {
 public:
  Checker(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems), geography_(scenario.regions) {
    for (const auto& component : scenario.components) {
      components_.push_back(component.name);
    }
    for (const Geography::Place& place : geography_.places()) {
      places_.push_back(place.name);
    }
  }

  void run() {
    check_names();
    check_references();
    check_zones();
    check_prices();
    check_traffic();
    check_expectations();
    check_conditions();
    check_faults();
    check_rollouts();
    if (!has_errors(problems_)) {
      check_hosts();
    }
  }

 private:
  void error(const Place& place, std::string what, std::string expected = {},
             std::string hint = {}) {
    problems_.push_back(
        {Severity::error, place, std::move(what), std::move(expected), std::move(hint)});
  }
  void warning(const Place& place, std::string what, std::string hint = {}) {
    problems_.push_back({Severity::warning, place, std::move(what), {}, std::move(hint)});
  }

  // ---- Names ----

  /// Traffic and components share the names that results and `expect:` use, regions and zones those
  /// that placements use.
  void check_names() {
    for (const auto& component : scenario_.components) {
      for (const auto& population : scenario_.traffic) {
        if (population.name == component.name) {
          error(component.place,
                fmt::format("'{}' is the name of a component and, {}, of traffic", component.name,
                            line_of(population.place).substr(1)),
                {}, "results are found by name: rename one of them");
        }
      }
    }
    for (const auto& rollout : scenario_.rollouts) {
      const bool is_component = scenario_.components.find(rollout.name) != nullptr;
      if (is_component || scenario_.traffic.find(rollout.name) != nullptr) {
        error(rollout.place,
              fmt::format("'{}' is the name of a rollout and of {}", rollout.name,
                          is_component ? "a component" : "traffic"),
              {}, "results are found by name: rename one of them");
      }
    }
    std::map<std::string, std::string> taken;
    for (const auto& region : scenario_.regions) {
      taken.emplace(region.name, fmt::format("of a region{}", line_of(region.place)));
    }
    for (const auto& region : scenario_.regions) {
      for (const std::string& zone : region.value.zones) {
        const auto [known, is_new] =
            taken.emplace(zone, fmt::format("of a zone of '{}'", region.name));
        if (!is_new) {
          error(region.place,
                fmt::format("zone '{}' of region '{}' has the name {}", zone, region.name,
                            known->second),
                {}, "give every zone and region a name of its own");
        }
        if (!is_valid_name(zone)) {
          error(region.place,
                fmt::format("'{}' in regions.{}.zones is not a name", zone, region.name),
                "a lower-case letter, then letters, digits, '_' or '-'");
        }
      }
    }
  }

  void check_references() {
    if (components_.empty()) {
      return;  // the section could not be read, so everything would be missing
    }
    std::set<std::pair<int, int>> told;  // versions name what they inherit once more
    for (const ComponentReference& reference : scenario_.references) {
      const Place& place = reference.place;
      if (place.line > 0 && !told.emplace(place.line, place.column).second) {
        continue;
      }
      if (scenario_.components.find(reference.name) != nullptr) {
        if (reference.path.ends_with(".backends") &&
            declares<ResolvesNames>(scenario_, reference.name)) {
          error(place,
                fmt::format("{} is '{}', which is a name and has no instances that serve",
                            reference.path, reference.name),
                {}, "name one of its targets");
        }
        continue;
      }
      if (scenario_.traffic.find(reference.name) != nullptr) {
        error(reference.place,
              fmt::format("{} is '{}', which is traffic", reference.path, reference.name),
              one_of(components_, reference.name), "only components can be named here");
        continue;
      }
      constexpr std::string_view dead_letters = ".dead_letter_queue";
      const bool is_for_dead_letters = reference.path.ends_with(dead_letters);
      const std::vector<std::string> known =
          is_for_dead_letters ? queues_besides(reference.path.substr(
                                    0, reference.path.size() - dead_letters.size()))
                              : components_;
      error(reference.place,
            fmt::format("there is no component '{}' for {}", reference.name, reference.path),
            known.empty() ? "a component of kind queue" : one_of(known, reference.name),
            known.empty() ? fmt::format("add one, such as {}: {{kind: queue}}", reference.name)
                          : did_you_mean(reference.name, known));
    }
  }
  /// All but the one at this path.
  std::vector<std::string> queues_besides(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& component : scenario_.components) {
      if (component.value.kind() == "queue" && "components." + component.name != path) {
        names.push_back(component.name);
      }
    }
    return names;
  }

  void check_prices() {
    for (const auto& price : scenario_.prices) {
      if (!components_.empty() && scenario_.components.find(price.name) == nullptr) {
        error(price.place, fmt::format("there is no component '{}' to have a price", price.name),
              one_of(components_, price.name), did_you_mean(price.name, components_));
      } else if (!(price.value >= 0)) {
        error(price.place, fmt::format("the price of '{}' is negative", price.name),
              "a number of at least 0");
      }
    }
  }

  void check_zones() {
    for (const auto& zone : scenario_.facts.all<ZoneName>()) {
      if (!geography_.zones_in(zone.what.name).empty()) {
        continue;
      }
      const std::string what =
          fmt::format("there is no zone or region '{}' for {}", zone.what.name, zone.path);
      if (scenario_.regions.empty()) {
        error(zone.place, what, {},
              fmt::format("declare it, such as regions: {{eu: {{zones: [{}]}}}}", zone.what.name));
      } else {
        error(zone.place, what, one_of(places_, zone.what.name),
              did_you_mean(zone.what.name, places_));
      }
    }
  }

  void check_expectations() {
    std::vector<std::string> subjects;
    for (const auto& population : scenario_.traffic) {
      subjects.push_back(population.name);
    }
    subjects.insert(subjects.end(), components_.begin(), components_.end());
    for (const auto& rollout : scenario_.rollouts) {
      subjects.push_back(rollout.name);
    }
    for (const auto& test : scenario_.ab_tests) {
      subjects.push_back(test.name);
    }
    if (components_.empty() || scenario_.traffic.empty()) {
      return;
    }
    if (scenario_.chaos) {
      subjects.emplace_back(chaos_subject);
    }
    const auto check_subject = [&](const std::string& subject, const Place& place) {
      if (!subject.empty() &&
          std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
        error(place,
              fmt::format("there is no traffic or component '{}' to expect something of", subject),
              one_of(subjects, subject), did_you_mean(subject, subjects));
      }
    };
    for (const Expectation& expectation : scenario_.expect) {
      check_subject(expectation.subject, expectation.place);
      const Duration end = scenario_.run.duration;
      if ((expectation.from && *expectation.from >= end) || expectation.to.value_or(end) > end) {
        error(expectation.place, "the window of the expectation is not within the run",
              "times up to " + to_text(end), {});
      }
      if (expectation.other) {
        check_subject(expectation.other->path.subject, expectation.place);
      }
    }
  }

  void check_conditions() {
    if (components_.empty()) {
      return;
    }
    for (const auto& condition : scenario_.facts.all<Condition>()) {
      const std::string& component = condition.what.component;
      if (scenario_.components.find(component) == nullptr) {
        error(condition.place, fmt::format("there is no component '{}' to watch", component),
              one_of(components_, component), did_you_mean(component, components_));
      } else if (scenario_.monitoring.scrape_interval >= scenario_.run.duration) {
        error(condition.place,
              fmt::format("{} is never looked at: the first scrape is at {}, the run ends at {}",
                          condition.what.text, to_text(scenario_.monitoring.scrape_interval),
                          to_text(scenario_.run.duration)),
              {}, "shorten monitoring.scrape_interval");
      } else if (needs_workers(condition.what.metric) && !has_workers(component)) {
        error(condition.place,
              fmt::format("{} is never known: '{}' has no workers", condition.what.text, component),
              {}, "give it concurrency, or watch another metric, such as in_flight");
      }
    }
  }

  static bool needs_workers(MonitoredMetric metric) {
    return metric == MonitoredMetric::utilization || metric == MonitoredMetric::queue_length;
  }
  bool has_workers(const std::string& component) const {
    return declares<HasQueue>(scenario_, component);
  }

  // ---- Hosts ----

  /// Only a program can have somebody live in it. For scenarios whose names are right.
  void check_hosts() {
    std::vector<std::string> hosts;
    for (const auto& host : scenario_.facts.all<HostsInProcess>()) {
      hosts.push_back(host.path.substr(host.path.rfind('.') + 1));
    }
    for (const auto& guest : scenario_.facts.all<LivesIn>()) {
      const std::string& name = guest.what.host;
      if (std::find(hosts.begin(), hosts.end(), name) == hosts.end()) {
        error(guest.what.place,
              fmt::format("{}.in_process is '{}', which is no service", guest.path, name),
              hosts.empty() ? "a component of kind service" : one_of(hosts, name),
              "it lives in the memory of a program");
      }
    }
  }

  // ---- Traffic ----

  void check_traffic() {
    for (const auto& population : scenario_.traffic) {
      const std::string path = "traffic." + population.name;
      const TrafficSettings& traffic = population.value;
      check_request_shares(path + ".requests", population.place, traffic.requests);
      check_shares(path + ".users.regions", traffic.users.regions);
      check_shares(path + ".users.segments", traffic.users.segments);
      check_shares(path + ".users.tenants", traffic.users.tenants);
      for (const auto& region : traffic.users.regions) {
        check_user_region(path + ".users.regions", region.name, region.place);
      }
      check_arrivals(path, traffic);
      check_identities(population.name, population.place, traffic);
    }
    check_limiters();
  }

  /// A limiter that counts users or tenants apart where nobody is one twice.
  void check_limiters() {
    const auto any = [&](const auto& is_so) {
      return std::any_of(scenario_.traffic.begin(), scenario_.traffic.end(),
                         [&](const auto& population) { return is_so(population); });
    };
    const auto names_users = scenario_.facts.all<NamesUsers>();
    const bool has_users = !names_users.empty() || any([](const auto& population) {
      return population.value.users.count > 0;
    });
    const bool has_tenants =
        any([](const auto& population) { return !population.value.users.tenants.empty(); });
    for (const auto& limiter : scenario_.facts.all<CountsUsers>()) {
      if (!has_users) {
        warning(limiter.place,
                fmt::format("{} counts each user apart, and each request comes from a stranger: "
                            "it will never reject anybody",
                            limiter.path),
                "users: {count: 1000}, or as many as there are, in traffic");
      }
    }
    for (const auto& limiter : scenario_.facts.all<CountsTenants>()) {
      if (!has_tenants) {
        warning(limiter.place,
                fmt::format("{} counts each tenant apart, and no users belong to any: it counts "
                            "them all together",
                            limiter.path),
                "users: {tenants: {acme: 60%, globex: 40%}} in traffic");
      }
    }
  }

  /// A component that remembers users has no use for strangers.
  void check_identities(const std::string& name, const Place& place,
                        const TrafficSettings& traffic) {
    const auto& arrivals = scenario_.facts.all<NamesUsers>();
    const auto knows = [&](const auto& who) {
      return who.path.starts_with("traffic." + name + ".");
    };
    if (traffic.users.count > 0 || std::any_of(arrivals.begin(), arrivals.end(), knows)) {
      return;
    }
    if (declares<OnUsersDevices>(scenario_, traffic.target.name)) {
      warning(place,
              fmt::format("traffic.{} does not say how many users there are: each request comes "
                          "from a stranger, and {} remembers nobody",
                          name, traffic.target.name),
              fmt::format("give traffic.{}.users.count", name));
    }
  }

  /// What an arrival process needs of its population.
  void check_arrivals(const std::string& path, const TrafficSettings& traffic) {
    std::vector<std::string> types;
    for (const auto& request : traffic.requests) {
      types.push_back(request.name);
    }
    if (types.empty()) {
      types.emplace_back("request");
    }
    std::set<std::string> told;
    for (const auto& wanted : scenario_.facts.all<AsksForType>()) {
      const std::string& type = wanted.what.type;
      if (wanted.path.starts_with(path + ".") &&
          std::find(types.begin(), types.end(), type) == types.end() && told.insert(type).second) {
        error(wanted.place,
              fmt::format("there is no type '{}' in {}.requests for {}", type, path, wanted.path),
              one_of(types, type), did_you_mean(type, types));
      }
    }
    for (const auto& needing : scenario_.facts.all<NeedsUserCount>()) {
      if (needing.path.starts_with(path + ".") && traffic.users.count == 0) {
        error(needing.place, fmt::format("{} does not say how many users there are", needing.path),
              {}, fmt::format("give {}.users.count", path));
      }
    }
  }

  /// Types without a share divide what is left; something must be left for them.
  void check_request_shares(const std::string& path, const Place& place,
                            const Named<RequestSettings>& requests) {
    double total = 0;
    bool some_take_the_rest = false;
    for (const auto& request : requests) {
      total += request.value.share ? request.value.share->value : 0;
      some_take_the_rest = some_take_the_rest || !request.value.share;
    }
    if (requests.empty() || std::abs(total - 1) <= 1e-9) {
      if (some_take_the_rest && !requests.empty()) {
        warning(place,
                fmt::format("the shares in {} add up to 100%, so nothing is left for those "
                            "without a share",
                            path),
                "lower some");
      }
      return;
    }
    if (total > 1) {
      error(place, fmt::format("the shares in {} add up to {}", path, to_text(Ratio{total})),
            some_take_the_rest ? "less than 100%" : "100%", "lower some");
    } else if (!some_take_the_rest) {
      error(place, fmt::format("the shares in {} add up to {}", path, to_text(Ratio{total})),
            "100%", "leave one share out: it takes the rest");
    }
  }

  void check_shares(const std::string& path, const Named<Ratio>& shares) {
    double total = 0;
    for (const auto& share : shares) {
      total += share.value.value;
    }
    if (!shares.empty() && std::abs(total - 1) > 1e-9) {
      error(shares[0].place,
            fmt::format("the shares in {} add up to {}", path, to_text(Ratio{total})), "100%");
    }
  }

  void check_user_region(const std::string& path, const std::string& name, const Place& place) {
    if (geography_.region(name)) {
      return;
    }
    if (geography_.zone(name)) {
      error(place, fmt::format("'{}' in {} is a zone", name, path),
            one_of(geography_.regions(), name), "users are in regions");
      return;
    }
    error(place, fmt::format("there is no region '{}' for {}", name, path),
          one_of(geography_.regions(), name), did_you_mean(name, geography_.regions()));
  }

  // ---- Faults ----

  void check_faults() {
    const Duration end = scenario_.run.duration;
    if (geography_.zone_count() == 0) {
      return;  // regions without zones, which is an error of theirs
    }
    const Targets targets(scenario_);
    for (const auto& fault : scenario_.facts.all<FaultTimes>()) {
      if (fault.what.earliest() >= end) {
        error(fault.place,
              fmt::format("{} begins at {}, but the run ends at {}", fault.path,
                          to_text(fault.what.earliest()), to_text(end)),
              {}, "let it begin earlier, or lengthen run.duration");
      }
    }
    for (const auto& fault : scenario_.facts.all<FaultSettings>()) {
      check_target(targets, fault.path, fault.place, fault.what.target);
    }
    check_finds<FlushesCaches, HoldsCopies>(targets, "finds no cache to flush");
    check_finds<TakesCores, HasCores>(targets,
                                      "finds no cores to take: nobody it strikes has a cpu");
    check_finds<StopsNames, ResolvesNames>(targets, "finds no names: nobody it strikes is a dns");
    check_finds<StrikesLeaders, HasLeaders>(targets, "finds nobody who leads anything");
    check_finds<BreaksReplication, KeepsCopiesInStep>(targets, "finds no copies to keep apart");
    check_finds<LeaksConnections, CallsOverPool>(
        targets, "finds no connections: nobody it strikes has connection_pools");
    check_disturbed_traffic();
    check_ejections(targets);
  }

  /// Outlier detection that never ejects anybody: Envoy's default of 10 % needs ten backends.
  void check_ejections(const Targets& targets) {
    for (const auto& ejecting : scenario_.facts.all<EjectsBackends>()) {
      TargetSettings all;
      all.component.name = ejecting.what.backends;
      const std::optional<std::size_t> count =
          scenario_.components.find(all.component.name) == nullptr
              ? std::nullopt
              : targets.met(all, all.component.name);
      const double share = ejecting.what.max_ejection_percent.value;
      if (ejecting.what.always_one || !count || *count == 0 ||
          share * static_cast<double>(*count) > 1 - 1e-9) {
        continue;
      }
      const auto needed = Ratio{std::ceil(100 / static_cast<double>(*count)) / 100};
      warning(ejecting.place,
              fmt::format("outlier_detection can never eject with {} replicas and "
                          "max_ejection_percent {}",
                          *count, to_text(ejecting.what.max_ejection_percent)),
              fmt::format("set max_ejection_percent: {} or always_eject_one_host: true",
                          to_text(needed)));
    }
  }

  // ---- Rollouts ----

  void check_rollouts() {
    std::vector<std::string> names;
    for (const auto& rollout : scenario_.rollouts) {
      names.push_back(rollout.name);
    }
    for (const auto& rollout : scenario_.facts.all<RolloutSettings>()) {
      const RolloutSettings& settings = rollout.what;
      if (scenario_.components.find(settings.target.name) == nullptr) {
        continue;  // told already
      }
      const std::vector<std::string> versions = versions_of(settings.target.name);
      if (versions.empty() && has_errors(problems_)) {
        continue;  // they could not be read
      }
      if (versions.size() < 2) {
        error(rollout.place,
              fmt::format("{} has a target without versions: '{}' has only one", rollout.path,
                          settings.target.name),
              {},
              fmt::format("such as {}: {{versions: {{{}: {{error_rate: 2%}}}}}}",
                          settings.target.name, settings.to));
      } else if (settings.to == versions.front() ||
                 std::find(versions.begin(), versions.end(), settings.to) == versions.end()) {
        const std::vector<std::string> others(versions.begin() + 1, versions.end());
        error(rollout.place,
              fmt::format("{} is to bring '{}', which is {}", rollout.path, settings.to,
                          settings.to == versions.front() ? "what runs in the beginning"
                                                          : "no version of its target"),
              one_of(others, settings.to), did_you_mean(settings.to, others));
      }
      if (settings.after.empty() && settings.at >= scenario_.run.duration) {
        error(rollout.place,
              fmt::format("{} begins at {}, but the run ends at {}", rollout.path,
                          to_text(settings.at), to_text(scenario_.run.duration)),
              {}, "let it begin earlier, or lengthen run.duration");
      }
      check_stage(rollout.path, rollout.place, settings, names);
    }
  }

  /// What a rollout comes after exists, and does not come after it.
  void check_stage(const std::string& path, const Place& place, const RolloutSettings& settings,
                   const std::vector<std::string>& names) {
    if (settings.after.empty()) {
      return;
    }
    if (std::find(names.begin(), names.end(), settings.after) == names.end()) {
      error(place, fmt::format("there is no rollout '{}' for {}.after", settings.after, path),
            one_of(names, settings.after), did_you_mean(settings.after, names));
      return;
    }
    std::set<std::string> before{path};
    std::string at = "rollouts." + settings.after;
    while (!at.empty()) {
      if (!before.insert(at).second) {
        error(place, fmt::format("{} comes after itself, so none of the circle begins", path), {},
              "let one of them have `at` alone");
        return;
      }
      std::string next;
      for (const auto& other : scenario_.facts.all<RolloutSettings>()) {
        if (other.path == at && !other.what.after.empty()) {
          next = "rollouts." + other.what.after;
        }
      }
      at = next;
    }
  }

  std::vector<std::string> versions_of(const std::string& component) const {
    for (const auto& versions : scenario_.facts.all<HasVersions>()) {
      if (versions.path == "components." + component) {
        return versions.what.names;
      }
    }
    return {};
  }

  // ---- What faults find ----

  /// A fault that declares `Fact` does something only to components that declare `Needed`.
  template <class Fact, class Needed>
  void check_finds(const Targets& targets, const char* complaint) {
    std::vector<std::string> able;
    for (const std::string& component : components_) {
      if (declares<Needed>(scenario_, component)) {
        able.push_back(component);
      }
    }
    for (const auto& fact : scenario_.facts.all<Fact>()) {
      for (const auto& fault : scenario_.facts.all<FaultSettings>()) {
        const TargetSettings& target = fault.what.target;
        const bool is_known =
            target.component.empty() || scenario_.components.find(target.component.name) != nullptr;
        if (fault.path == fact.path && is_known &&
            std::none_of(able.begin(), able.end(), [&](const std::string& component) {
              return targets.met(target, component) != 0;
            })) {
          error(fact.place, fmt::format("{} {}", fact.path, complaint),
                one_of(able, target.component.name), "change its target");
        }
      }
    }
  }

  void check_disturbed_traffic() {
    std::vector<std::string> populations;
    for (const auto& population : scenario_.traffic) {
      populations.push_back(population.name);
    }
    for (const auto& touched : scenario_.facts.all<TouchesTraffic>()) {
      const std::string& name = touched.what.traffic;
      const TrafficSettings* traffic = scenario_.traffic.find(name);
      if (traffic == nullptr) {
        if (!populations.empty()) {
          error(touched.place, fmt::format("there is no traffic '{}' for {}", name, touched.path),
                one_of(populations, name), did_you_mean(name, populations));
        }
      } else if (touched.what.needs_rate && traffic->arrivals.has_value()) {
        const std::optional<ArrivalTheory> arrivals = traffic->arrivals.theory();
        if (!arrivals || !arrivals->rate.has_value()) {
          error(touched.place,
                fmt::format("{} multiplies the rate of '{}', whose arrivals are {}, without a rate "
                            "that is known",
                            touched.path, name, traffic->arrivals.kind()),
                "traffic whose arrivals have a rate", "an attack has a rate of its own");
        }
      }
    }
    for (const auto& touched : scenario_.facts.all<TouchesType>()) {
      check_touched_type(touched.path, touched.place, touched.what);
    }
  }

  void check_touched_type(const std::string& path, const Place& place, const TouchesType& touched) {
    std::vector<std::string> types;
    for (const auto& population : scenario_.traffic) {
      if (!touched.traffic.empty() && touched.traffic != population.name) {
        continue;
      }
      for (const auto& request : population.value.requests) {
        types.push_back(request.name);
      }
      if (population.value.requests.empty()) {
        types.emplace_back("request");
      }
    }
    for (const auto& sent : scenario_.facts.all<SendsType>()) {
      if (touched.traffic.empty()) {
        types.push_back(sent.what.type);
      }
    }
    if (!types.empty() && std::find(types.begin(), types.end(), touched.type) == types.end()) {
      error(place, fmt::format("nobody sends requests of type '{}' for {}", touched.type, path),
            one_of(types, touched.type), did_you_mean(touched.type, types));
    }
  }

  void check_target(const Targets& targets, const std::string& path, const Place& place,
                    const TargetSettings& target) {
    const bool is_known =
        (target.zone.empty() || !geography_.zones_in(target.zone.name).empty()) &&
        (target.component.empty() || scenario_.components.find(target.component.name) != nullptr);
    if (!is_known) {
      return;  // told already
    }
    std::size_t struck = 0;
    for (const std::string& component : components_) {
      const std::optional<std::size_t> met = targets.met(target, component);
      if (!met) {
        return;  // nobody can say yet
      }
      struck += *met;
    }
    const std::string whom =
        (target.component.empty() ? "instance" : "instance of " + target.component.name) +
        (target.zone.empty() ? "" : " in " + target.zone.name);
    if (struck == 0) {
      error(place, fmt::format("{} strikes nobody: there is no {}", path, whom), {},
            "change its target, or the zones of a component");
    } else if (target.count && static_cast<std::size_t>(*target.count) > struck) {
      warning(place,
              fmt::format("{} is to strike {}, but there {} only {}: every {}", path, *target.count,
                          struck == 1 ? "is" : "are", struck, whom),
              "without count it strikes all");
    }
  }

  const Scenario& scenario_;
  Problems& problems_;
  Geography geography_;
  std::vector<std::string> components_;
  std::vector<std::string> places_;
};

}  // namespace

void check(const Scenario& scenario, Problems& problems) {
  Checker(scenario, problems).run();
  check_chaos(scenario, problems);
  check_flags(scenario, problems);
  if (!has_errors(problems)) {
    check_messages(scenario, problems);
    check_calls(scenario, problems);
  }
}

}  // namespace stampede
