#include <deque>

#include "stampede/kernel/job.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct GcPausesSettings {
  FaultSettings common;
  Distribution<Duration> interval;
  Distribution<Duration> pause;
  Duration pause_per_request;
};
void describe(Visitor& v, GcPausesSettings& s) {
  describe_fault(v, s.common);
  v.field("interval", s.interval, "from the end of a collection to the next one", required());
  v.field("pause", s.pause, "how long computing stands still for a collection");
  v.field("pause_per_request", s.pause_per_request,
          "so much longer for each request that is inside, and came after the fault began: what "
          "they hold has to be looked at, so that a backlog makes pauses longer, and longer pauses "
          "a backlog",
          at_least(Duration()));
  v.check(s.interval.mean() > 0, "interval", "is zero: there would be nothing but collections",
          "such as interval: {exponential: {mean: 1s}}");
  v.check(!s.pause.is_zero() || !s.pause_per_request.is_zero(), "pause",
          "or pause_per_request must be given", "such as pause: 100ms");
}

/// Garbage collections that stop the world. Instances collect at times of their own.
class GcPauses final : public Fault {
 public:
  GcPauses(const GcPausesSettings& settings, const Context& context)
      : Fault(settings.common),
        simulation_(context.simulation),
        settings_(settings),
        intervals_(context.stream("interval")),
        pauses_(context.stream("pause")) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto collectors = std::make_unique<Collectors>(simulation_);
    for (Instance* target : strike.targets) {
      if (!settings_.pause_per_request.is_zero()) {
        target->interfere(collectors->counters.emplace_back());
      }
      static_cast<void>(collect(collectors->scope, *this, *target,
                                combine(strike.luck, hash_bytes(target->name()))));
    }
    return collectors;
  }

 private:
  /// Does nothing to requests; who is met by it is counted.
  struct Counter final : Interference {};
  struct Collectors final : Disturbance {
    explicit Collectors(Simulation& simulation) : scope(simulation) {}
    std::deque<Counter> counters;
    Scope scope;  ///< its processes hold the speed of instances
  };

  static Process collect(Scope& scope, GcPauses& fault, Instance& instance, std::uint64_t luck) {
    Simulation& simulation = scope.simulation();
    for (std::uint64_t n = 0;; ++n) {
      Draw interval_draw = fault.intervals_.at(combine(luck, n));
      const Duration interval = fault.settings_.interval.sample(interval_draw);
      co_await simulation.delay(interval);
      Draw pause_draw = fault.pauses_.at(combine(luck, n));
      Duration pause = fault.settings_.pause.sample(pause_draw);
      pause += fault.settings_.pause_per_request * instance.met_in_flight();
      const Knob::Hold stopped = instance.speed().hold(0);
      co_await simulation.delay(pause);
    }
  }

  Simulation& simulation_;
  GcPausesSettings settings_;
  Stream intervals_;
  Stream pauses_;
};

const Register<Fault, GcPauses, GcPausesSettings> registered{
    "gc_pauses", "computing stops now and then for garbage collections, longer under load"};

}  // namespace
}  // namespace stampede
