#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "components/load_balancer/health_check.hpp"
#include "stampede/model/server.hpp"

namespace stampede {
namespace {

/// Which of the healthy records a name server answers with.
enum class DnsPolicy {
  failover,  ///< the first one
  weighted,  ///< one by chance, drawn for each lookup
  geo,       ///< the first one in the region of who asks, else the first one
  latency,   ///< the one with the shortest way from who asks
};
const EnumNames<DnsPolicy>& names(DnsPolicy) {
  static const EnumNames<DnsPolicy> table{{{DnsPolicy::failover, "failover"},
                                           {DnsPolicy::weighted, "weighted"},
                                           {DnsPolicy::geo, "geo"},
                                           {DnsPolicy::latency, "latency"}}};
  return table;
}

struct DnsRecordSettings {
  ComponentName target;
  double weight = 1;
};
void describe(Visitor& v, DnsRecordSettings& s) {
  v.shorthand("target");
  v.field("target", s.target, "the component that is reached under the name", required());
  v.field("weight", s.weight, "of policy weighted: how often it is the answer", more_than(0.0));
}

struct IgnoringTtlSettings {
  Ratio share;
  Duration ttl;
};
void describe(Visitor& v, IgnoringTtlSettings& s) {
  v.field("share", s.share, "of the resolvers", required(), at_most(Ratio{1}));
  v.field("ttl", s.ttl, "how long they keep each answer, whatever ttl it came with", required(),
          more_than(Duration()));
}

struct DnsSettings {
  std::vector<DnsRecordSettings> records;
  DnsPolicy policy = DnsPolicy::failover;
  Duration ttl = Duration::nanoseconds(60'000'000'000);
  std::optional<HealthCheckSettings> health_check;
  int resolvers = 100;
  std::optional<IgnoringTtlSettings> ignoring_ttl;
  Distribution<Duration> lookup;
  Duration lookup_timeout = Duration::nanoseconds(5'000'000'000);
  Duration serve_stale;
  Distribution<Duration> boot_time;
};
void describe(Visitor& v, DnsSettings& s) {
  v.field("records", s.records, "what the name stands for: a list of targets", required(),
          not_empty());
  v.field(
      "policy", s.policy,
      "which healthy record is the answer. failover: the first. weighted: one by chance. geo: "
      "the first with an instance in the region of who asks, else the first. latency: the one "
      "with the shortest way from there. Without a healthy record all of them count as healthy");
  v.field("ttl", s.ttl, "how long resolvers keep an answer", at_least(Duration()));
  v.field("health_check", s.health_check,
          "probes of the targets, sent from where the users of the first region are; a record is "
          "healthy as long as one instance of its target is. Without them all always are");
  v.field("resolvers", s.resolvers,
          "caches of each region, among which its users are divided; an instance that calls the "
          "name has one of its own",
          at_least(1), at_most(1'000'000));
  v.field("ignoring_ttl", s.ignoring_ttl, "resolvers that keep answers longer than they may");
  v.field("lookup", s.lookup,
          "from a resolver to a name server and back; only who finds no answer kept waits for it");
  v.field("lookup_timeout", s.lookup_timeout,
          "after so long without an answer a lookup has failed, and the request with it",
          more_than(Duration()));
  v.field("serve_stale", s.serve_stale,
          "when a lookup fails, an answer is used that is over by no more than this (RFC 8767)",
          at_least(Duration()));
  v.field("boot_time", s.boot_time, "from the start of a name server until it is ready");
  v.declare(PassesOn{});
  v.declare(StandsWithUsers{});
  v.declare(ResolvesNames{});
}

const Measure resolutions{"dns", Measure::count, "resolutions", "requests sent to the name"};
const Measure lookups{"dns", Measure::count, "lookups", "those of them that had to be looked up"};
const Measure lookup_ratio{"dns", "lookup_ratio", "share of the requests that had to be looked up",
                           lookups, resolutions};
const Measure failed_lookups{"dns", Measure::count, "failed_lookups",
                             "lookups to which no name server had an answer"};
const Measure outdated{"dns", Measure::count, "outdated",
                       "requests sent to a target whose record is not healthy any more"};
const Measure outdated_ratio{"dns", "outdated_ratio",
                             "share of the requests sent to a target whose record is not healthy "
                             "any more",
                             outdated, resolutions};

/// Answers lookups, at no cost: one for each region, reached by its users' resolvers (anycast).
class NameServer final : public Server {
 public:
  NameServer(const Component::Context& context, const DnsSettings& settings, std::uint32_t index,
             PlaceId place)
      : Server(context, {.cpu = no_cpu_, .workers = 0, .boot_time = settings.boot_time}, index,
               place) {}

 private:
  Reply serve(const Request& request) override {
    return Response::with(fails(request) ? Outcome::error : Outcome::ok);
  }

  static inline const std::optional<CpuSettings> no_cpu_;
};

/// A name that stands for one of several components (RFC 1034). Who calls it asks a resolver, which
/// keeps the name servers' answer for the ttl, so news of a target's death spreads no faster than
/// answers expire. What it does for a request is over when its target is known. Resolvers do not
/// move in step: at t = 0 each has an answer of another age.
class Dns final : public Component {
 public:
  Dns(const DnsSettings& settings, const Context& context)
      : settings_(settings),
        context_(context),
        ages_(context.stream("ages of answers")),
        answers_(context.stream("answers")),
        lookup_times_(context.stream("lookup")),
        lookup_timeouts_(context.simulation.timeouts(settings.lookup_timeout)),
        resolutions_(context.observer.tally(resolutions)),
        lookups_(context.observer.tally(lookups)),
        failed_lookups_(context.observer.tally(failed_lookups)),
        outdated_(context.observer.tally(outdated)),
        scope_(context.simulation) {
    scope_.let_withdraw();
    const std::size_t regions = geography().regions().size();
    for (std::uint32_t region = 0; region < regions; ++region) {
      fleet_.add(
          std::make_unique<NameServer>(context_, settings_, region, geography().users_of(region)));
    }
    const auto count = static_cast<std::size_t>(settings_.resolvers);
    for (std::size_t i = 0; i < regions * count; ++i) {
      resolvers_.push_back(resolver(i));
    }
  }

  static Theory theory(const DnsSettings& settings) {
    Theory theory;
    Flow flow = Flow::call({.target = settings.records.front().target.name});
    if (settings.policy == DnsPolicy::weighted) {
      flow = {.kind = Flow::Kind::choose};
      double total = 0;
      for (const DnsRecordSettings& record : settings.records) {
        total += record.weight;
      }
      for (const DnsRecordSettings& record : settings.records) {
        flow.parts.push_back(Flow::call({.target = record.target.name}));
        flow.chances.push_back(record.weight / total);
      }
    } else if (settings.policy != DnsPolicy::failover) {
      theory.remarks.emplace_back("all requests are taken to go to its first record");
    }
    theory.remarks.emplace_back("lookups and fail-over are left out");
    theory.handlers.push_back({.flow = std::move(flow)});
    return theory;
  }

  void connect(Directory& directory) override {
    directory_ = &directory;
    for (const DnsRecordSettings& settings : settings_.records) {
      Fleet& fleet = directory.component(settings.target).fleet();
      targets_.push_back(std::make_unique<Target>(*this, settings, fleet, targets_.size()));
    }
  }

  void start() override {
    for (const std::unique_ptr<Target>& target : targets_) {
      target->start();
    }
  }

  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t caller) override {
    return std::make_unique<Client>(*this, caller);
  }

  Scope& scope() { return scope_; }

 private:
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  /// One record, with what the probes of its target say.
  class Target final : private HealthChecks::Listener {
   public:
    Target(Dns& dns, const DnsRecordSettings& settings, Fleet& fleet, std::size_t number)
        : weight_(settings.weight), fleet_(fleet) {
      if (dns.settings_.health_check && fleet.size() > 0) {
        HealthChecks::Listener& results = *this;
        checks_.emplace(*dns.settings_.health_check, dns.context_.simulation,
                        dns.geography().users_of(0),
                        dns.context_.stream("health check " + std::to_string(number)), results);
      }
    }

    void start() {
      for (std::size_t i = 0; checks_ && i < fleet_.size(); ++i) {
        checks_->watch_healthy(fleet_[i]);
      }
    }

    double weight() const { return weight_; }
    bool is_healthy() const { return is_healthy_; }
    bool is_in(const Geography& geography, std::size_t region) const {
      for (std::size_t i = 0; i < fleet_.size(); ++i) {
        if (geography.places()[fleet_[i].place()].region == region) {
          return true;
        }
      }
      return false;
    }
    /// Seconds to the nearest of its instances.
    double distance(const Network& network, PlaceId from) const {
      double nearest = fleet_.size() > 0 ? std::numeric_limits<double>::infinity() : 0;
      for (std::size_t i = 0; i < fleet_.size(); ++i) {
        nearest = std::min(nearest, network.latency_between(from, fleet_[i].place()).mean);
      }
      return nearest;
    }

   private:
    void health_changed(BackendSlot, bool) override {
      is_healthy_ = false;
      for (std::size_t i = 0; i < fleet_.size(); ++i) {
        is_healthy_ = is_healthy_ || checks_->is_healthy(fleet_[i].index());
      }
    }

    double weight_;
    Fleet& fleet_;
    std::optional<HealthChecks> checks_;
    bool is_healthy_ = true;
  };

  /// A cache of answers, of many users or of one caller.
  struct Resolver {
    std::uint64_t luck = 0;
    Duration ttl;
    Time expires;               ///< of the answer that it keeps
    std::size_t target = none;  ///< the answer; none: it was not asked yet
    std::uint64_t answers = 0;  ///< that it has had
  };

  /// How one caller finds its target.
  class Client final : public Endpoint {
   public:
    Client(Dns& dns, std::uint32_t caller)
        : dns_(dns), own_(dns.resolver(~static_cast<std::uint64_t>(dns.clients_++))) {
      for (const DnsRecordSettings& record : dns.settings_.records) {
        ways_.push_back(&dns.directory_->client(record.target, caller));
      }
    }

    Reply call(const Request& request) override {
      Resolver& resolver = dns_.resolver_of(request, own_);
      const Time now = dns_.context_.simulation.now();
      dns_.resolutions_.add();
      if (resolver.target == none) {
        dns_.ask_before_the_run(resolver, request.from);
      }
      if (now >= resolver.expires) {
        return look_up(dns_, *this, resolver, request);
      }
      Visit visit;
      visit.arrived = now;
      visit.started = true;
      visit.instance = dns_.name_server(request.from).index();
      dns_.context_.observer.passed(now, visit);
      return pass(resolver, request);
    }

   private:
    Reply pass(const Resolver& resolver, const Request& request) {
      dns_.outdated_.add(dns_.targets_[resolver.target]->is_healthy() ? 0 : 1);
      return ways_[resolver.target]->call(request);
    }

    static Reply look_up(Dns& dns, Client& client, Resolver& resolver, Request request) {
      Response response;
      {
        NameServer& server = dns.name_server(request.from);
        Stay stay(dns.context_.observer, dns.context_.simulation, server);
        stay.start();
        dns.lookups_.add();
        Draw draw = dns.lookup_times_.at(request.luck);
        const Duration length = dns.settings_.lookup.sample(draw);
        if (!length.is_zero()) {
          co_await dns.context_.simulation.delay(length);
        }
        Reply lookup = server.call_inside(request);
        const bool is_answered = co_await lookup.within(dns.lookup_timeouts_);
        const Time now = dns.context_.simulation.now();
        if (is_answered && lookup.answer().ok()) {
          resolver.target = dns.answer(resolver, request.from, /*before_the_run=*/false);
          resolver.expires = now + resolver.ttl;
        } else {
          dns.failed_lookups_.add();
          const bool is_over = now >= resolver.expires + dns.settings_.serve_stale;
          response.outcome = is_over ? Outcome::unreachable : Outcome::ok;
        }
        stay.end(response.outcome);
      }
      if (response.ok()) {
        Reply reply = client.pass(resolver, request);
        response = co_await reply.relayed();
      }
      co_return response;
    }

    Dns& dns_;
    Resolver own_;
    std::vector<Endpoint*> ways_;  ///< to the targets
  };

  const Geography& geography() const { return context_.network.geography(); }

  Resolver resolver(std::uint64_t luck) const {
    Resolver resolver;
    resolver.luck = luck;
    resolver.ttl = settings_.ttl;
    Draw draw = ages_.at(luck);
    if (settings_.ignoring_ttl && draw.chance(settings_.ignoring_ttl->share.value)) {
      resolver.ttl = settings_.ignoring_ttl->ttl;
    }
    resolver.expires = Time::from_start(resolver.ttl.scaled(draw.uniform()));
    return resolver;
  }

  /// Users ask one of their region, instances their own.
  Resolver& resolver_of(const Request& request, Resolver& own) {
    const Geography::Place& place = geography().places()[request.from];
    if (!place.of_users) {
      return own;
    }
    const auto count = static_cast<std::size_t>(settings_.resolvers);
    const std::uint64_t user = combine(request.user, request.population);
    return resolvers_[place.region * count + user % count];
  }

  NameServer& name_server(PlaceId from) {
    return static_cast<NameServer&>(fleet_[geography().places()[from].region]);
  }

  /// What a resolver keeps in the beginning is an answer of the time when all were well.
  void ask_before_the_run(Resolver& resolver, PlaceId from) {
    resolver.target = answer(resolver, from, /*before_the_run=*/true);
  }

  /// The record that name servers answer with.
  std::size_t answer(Resolver& resolver, PlaceId from, bool before_the_run) {
    const bool any_healthy = std::any_of(targets_.begin(), targets_.end(),
                                         [](const auto& target) { return target->is_healthy(); });
    std::vector<std::size_t> healthy;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (before_the_run || !any_healthy || targets_[i]->is_healthy()) {
        healthy.push_back(i);
      }
    }
    switch (settings_.policy) {
      case DnsPolicy::failover:
        break;
      case DnsPolicy::weighted:
        return by_weight(healthy, resolver);
      case DnsPolicy::geo:
        for (const std::size_t i : healthy) {
          if (targets_[i]->is_in(geography(), geography().places()[from].region)) {
            return i;
          }
        }
        break;
      case DnsPolicy::latency:
        return nearest(healthy, from);
    }
    return healthy.front();
  }
  std::size_t by_weight(const std::vector<std::size_t>& healthy, Resolver& resolver) const {
    double total = 0;
    for (const std::size_t i : healthy) {
      total += targets_[i]->weight();
    }
    Draw draw = answers_.at(combine(resolver.luck, resolver.answers++));
    double left = draw.uniform() * total;
    for (const std::size_t i : healthy) {
      left -= targets_[i]->weight();
      if (left < 0) {
        return i;
      }
    }
    return healthy.back();
  }
  std::size_t nearest(const std::vector<std::size_t>& healthy, PlaceId from) const {
    std::size_t best = healthy.front();
    for (const std::size_t i : healthy) {
      if (targets_[i]->distance(context_.network, from) <
          targets_[best]->distance(context_.network, from)) {
        best = i;
      }
    }
    return best;
  }

  DnsSettings settings_;
  Context context_;
  Stream ages_;
  Stream answers_;
  Stream lookup_times_;
  Timeouts& lookup_timeouts_;
  Tally& resolutions_;
  Tally& lookups_;
  Tally& failed_lookups_;
  Tally& outdated_;
  Directory* directory_ = nullptr;
  std::vector<Resolver> resolvers_;  ///< by region, then by number; never grows
  std::uint64_t clients_ = 0;
  std::vector<std::unique_ptr<Target>> targets_;  ///< by record
  Fleet fleet_;
  Scope scope_;
};

const Register<Component, Dns, DnsSettings> registered{
    "dns", "a name that stands for one of several components, as resolvers remember it"};

}  // namespace
}  // namespace stampede
