#include <deque>

#include "faults/some_requests.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct SlowDownSettings {
  FaultSettings common;
  std::optional<double> factor;
  Distribution<Duration> latency;
  Ratio toxicity{1};
  OnlySettings only;

  double times_as_long() const { return factor.value_or(latency.is_zero() ? 2 : 1); }
  bool is_of_all_requests() const {
    return toxicity.value >= 1 && only.requests.empty() && only.traffic.empty() && !only.users;
  }
};
void describe(Visitor& v, SlowDownSettings& s) {
  describe_fault(v, s.common);
  v.field("factor", s.factor,
          "computing takes so many times as long, also what is running when it begins; 2 unless "
          "this or latency is given",
          at_least(1.0));
  v.field("latency", s.latency,
          "requests get in so much later, as behind a slow proxy: nobody works for them meanwhile, "
          "and health checks notice nothing");
  v.field("toxicity", s.toxicity, "the share of requests that latency touches, drawn for each try",
          at_least(Ratio{0}), at_most(Ratio{1}));
  v.field("only", s.only, "which requests latency touches");
  v.check(s.is_of_all_requests() || !s.latency.is_zero(), "latency",
          "must be given with toxicity or only: a slow processor is slow for all",
          "such as latency: 200ms");
}

/// Holds back some of the requests at one instance.
class Latency final : public Interference {
 public:
  Latency(const Distribution<Duration>& law, const SomeRequests& some, const Stream& stream)
      : law_(law), some_(some), stream_(stream) {}

  Duration meet(const Request& request) override {
    if (!some_.touch(request)) {
      return {};
    }
    Draw draw = stream_.at(request.luck);
    return law_.sample(draw);
  }

 private:
  const Distribution<Duration>& law_;
  const SomeRequests& some_;
  const Stream& stream_;
};

class SlowDown final : public Fault {
 public:
  SlowDown(const SlowDownSettings& settings, const Context& context)
      : Fault(settings.common),
        factor_(settings.times_as_long()),
        latency_(settings.latency),
        some_(settings.only, settings.toxicity, context),
        stream_(context.stream("latency")) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto slowness = std::make_unique<Slowness>();
    for (Instance* target : strike.targets) {
      if (factor_ != 1) {
        slowness->speeds.add(target->speed().hold(1 / factor_));
      }
      if (!latency_.is_zero()) {
        target->interfere(slowness->latencies.emplace_back(latency_, some_, stream_));
      }
    }
    return slowness;
  }

 private:
  struct Slowness final : Disturbance {
    Holding speeds;
    std::deque<Latency> latencies;
  };

  double factor_;
  Distribution<Duration> latency_;
  SomeRequests some_;
  Stream stream_;
};

const Register<Fault, SlowDown, SlowDownSettings> registered{
    "slow_down", "computing takes longer, or requests get in later, perhaps only some of them"};

}  // namespace
}  // namespace stampede
