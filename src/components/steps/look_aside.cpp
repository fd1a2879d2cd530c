#include <memory>
#include <optional>
#include <vector>

#include "components/cache/flights.hpp"
#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct LeaseSettings {
  Duration timeout = Duration::nanoseconds(10'000'000'000);
  Duration wait = Duration::nanoseconds(10'000'000);
};
void describe(Visitor& v, LeaseSettings& s) {
  constexpr Duration most = Duration::nanoseconds(60'000'000'000);
  v.field("timeout", s.timeout,
          "how long the first reader that misses is the only one to fill in the item, in whole "
          "milliseconds",
          at_least(Duration::nanoseconds(1'000'000)), at_most(most));
  v.field("wait", s.wait, "after which the others ask the cache again", more_than(Duration()));
  v.check(s.wait <= s.timeout, "wait", "is longer than timeout", "lower it, or raise timeout");
}

struct LookAsideSettings {
  CallTarget cache;
  CallTarget store;
  std::optional<LeaseSettings> lease;
  bool collapse = false;
};
void describe(Visitor& v, LookAsideSettings& s) {
  v.field("cache", s.cache, "where the item is looked for first", required());
  v.field("store", s.store, "where it is read if the cache has it not, or does not answer",
          required());
  v.field("lease", s.lease,
          "one reader at a time may fill in a missing item, and not after a write; the others wait "
          "for it (Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013)");
  v.field("collapse", s.collapse,
          "within one instance of the service, one read of the store at a time for each item; who "
          "misses it as well waits for what that brings");
}

/// Cache-aside: the reader asks the cache, reads the store on a miss and puts into the cache what
/// it found there. A cache that fails is a miss, and is not bothered with a fill.
class LookAside final : public Step {
 public:
  LookAside(const LookAsideSettings& settings, const Context& context)
      : simulation_(context.simulation),
        cache_(context, settings.cache, "cache back-off"),
        store_(context, settings.store, "store back-off"),
        lease_(settings.lease),
        collapses_(settings.collapse),
        branch_(context.branch()) {}

  static Theory theory(const LookAsideSettings& settings) {
    const std::string& cache = settings.cache.target.name;
    return Flow::sequence(
        {Flow::call({.target = cache, .operation = Operation::read, .may_fail = true}),
         Flow::on_miss(
             cache,
             {Flow::call({.target = settings.store.target.name, .operation = Operation::read}),
              Flow::call({.target = cache, .operation = Operation::write, .may_fail = true})})});
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return look(errand, *this, request);
  }

 private:
  static Task<Response> look(Errand errand, LookAside& step, Request request) {
    Caller& cache = step.cache_.of(errand.instance());
    Task<Response> asking =
        step.lease_ ? ask(errand, step, request) : cache.call(errand, step.get(errand, request));
    Response response = co_await asking;
    if (response.ok() && response.found) {
      co_return response;
    }
    const bool may_fill = response.ok() && !response.leased_out;

    std::optional<Fetching> fetching;
    if (step.collapses_) {
      Flights& flights = step.flights_of(errand.instance());
      std::shared_ptr<Flights::Flight> flight = flights.find(request.key);
      while (flight && !flight->is_over) {
        co_await flight->over.wait();
      }
      if (flight && flight->answer) {
        response = *flight->answer;
        co_return response;
      }
      fetching.emplace(step.simulation_, flights, request.key);
      // Others may wait for it, who have more.
      request.patience = request.deadline = Time::never();
    }

    Request read = request.as_branch(step.branch_ + 1);
    read.from = errand.place();
    read.operation = Operation::read;
    Task<Response> reading = step.store_.of(errand.instance()).call(errand, read);
    response = co_await reading;
    if (!response.ok()) {
      response.outcome = outcome_of_failed_call(response.outcome);
    } else if (may_fill) {
      Request fill = request.as_branch(step.branch_ + 2);
      fill.from = errand.place();
      fill.operation = Operation::write;
      fill.stamp = response.stamp;
      fill.size = response.size;
      fill.response_size = 0;
      fill.lease_ms = step.lease_ms();
      Task<Response> filling = cache.call(errand, fill);
      co_await filling;  // whether it was let in is the cache's business
    }
    if (fetching) {
      fetching->answered(response);
    }
    co_return response;
  }

  Request get(const Errand& errand, const Request& request) const {
    Request get = request.as_branch(branch_);
    get.from = errand.place();
    get.operation = Operation::read;
    get.lease_ms = lease_ms();
    return get;
  }
  std::uint16_t lease_ms() const {
    return lease_ ? static_cast<std::uint16_t>(lease_->timeout.ns() / 1'000'000) : 0;
  }

  /// Asks the cache, again and again while somebody else has the lease, until that is overdue.
  static Task<Response> ask(Errand errand, LookAside& step, Request request) {
    Caller& cache = step.cache_.of(errand.instance());
    Simulation& simulation = step.simulation_;
    const Time end = step.lease_ ? simulation.now() + step.lease_->timeout : simulation.now();
    Request get = step.get(errand, request);
    for (int round = 1;; ++round) {
      Task<Response> whole = cache.call(errand, get);
      const Response response = co_await whole;
      if (!response.ok() || !response.leased_out || simulation.now() >= end) {
        co_return response;
      }
      co_await simulation.delay(step.lease_->wait);
      get = step.get(errand, request).as_round(round);
    }
  }

  Flights& flights_of(std::uint32_t instance) {
    if (instance >= flights_.size()) {
      flights_.resize(instance + std::size_t{1});
    }
    if (!flights_[instance]) {
      flights_[instance] = std::make_unique<Flights>();
    }
    return *flights_[instance];
  }

  Simulation& simulation_;
  Callers cache_;
  Callers store_;
  std::optional<LeaseSettings> lease_;
  bool collapses_;
  std::vector<std::unique_ptr<Flights>> flights_;  ///< by instance
  std::uint64_t branch_;
};

const Register<Step, LookAside, LookAsideSettings> registered{
    "look_aside", "an item from a cache, or else from the store and into the cache"};

}  // namespace
}  // namespace stampede
