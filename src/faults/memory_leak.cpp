#include <deque>

#include "stampede/kernel/job.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct MemoryLeakSettings {
  FaultSettings common;
  Bytes memory;
  std::optional<Bytes> per_request;
  std::optional<Bytes> per_second;
  Distribution<Duration> restart_delay;
};
void describe(Visitor& v, MemoryLeakSettings& s) {
  describe_fault(v, s.common);
  v.field("memory", s.memory,
          "what each instance has to leak before it is killed; nothing but that kill gives it back",
          required(), more_than(Bytes{0}));
  v.field("per_request", s.per_request, "what every request leaves behind,", more_than(Bytes{0}));
  v.field("per_second", s.per_second, "or what is lost with time", more_than(Bytes{0}));
  v.field("restart_delay", s.restart_delay,
          "from the kill until the instance boots again, with all its memory");
  v.check(s.per_request.has_value() != s.per_second.has_value(), "per_request",
          "or per_second must be given, and not both", "such as per_request: 10KB");
}

/// Instances that lose memory are killed when they have none left, start anew, and lose it again.
class MemoryLeak final : public Fault {
 public:
  MemoryLeak(const MemoryLeakSettings& settings, const Context& context)
      : Fault(settings.common),
        simulation_(context.simulation),
        settings_(settings),
        restart_delays_(context.stream("restart delay")) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto leaks = std::make_unique<Leaks>(simulation_);
    for (Instance* target : strike.targets) {
      Leak& leak = leaks->leaks.emplace_back(*this, *target);
      if (settings_.per_request) {
        target->interfere(leak);
      }
      static_cast<void>(live_and_die(leaks->scope, leak, combine(strike.luck, target->index())));
    }
    return leaks;
  }

 private:
  /// The leak of one instance.
  class Leak final : public Interference {
   public:
    Leak(MemoryLeak& fault, Instance& instance)
        : fault(fault), instance(instance), is_full(fault.simulation_) {}

    Duration meet(const Request&) override {
      leaked += fault.settings_.per_request->count;
      if (leaked >= fault.settings_.memory.count) {
        is_full.raise();
      }
      return {};
    }

    MemoryLeak& fault;
    Instance& instance;
    std::uint64_t leaked = 0;
    Signal is_full;
  };
  struct Leaks final : Disturbance {
    explicit Leaks(Simulation& simulation) : scope(simulation) {}
    std::deque<Leak> leaks;
    Scope scope;  ///< dies first: its processes use the leaks
  };

  static Process live_and_die(Scope& scope, Leak& leak, std::uint64_t luck) {
    Simulation& simulation = scope.simulation();
    const MemoryLeakSettings& settings = leak.fault.settings_;
    for (std::uint64_t life = 0;; ++life) {
      if (settings.per_second) {
        const double seconds = static_cast<double>(settings.memory.count) /
                               static_cast<double>(settings.per_second->count);
        co_await simulation.delay(Duration::from_nanoseconds(seconds * 1e9));
      } else {
        co_await leak.is_full.wait();
      }
      leak.leaked = 0;
      Draw draw = leak.fault.restart_delays_.at(combine(luck, life));
      const Duration restart_delay = settings.restart_delay.sample(draw);
      const Knob::Hold killed = leak.instance.hold_down(KilledWork::answers_broken);
      co_await simulation.delay(restart_delay);
    }
  }

  Simulation& simulation_;
  MemoryLeakSettings settings_;
  Stream restart_delays_;
};

const Register<Fault, MemoryLeak, MemoryLeakSettings> registered{
    "memory_leak", "instances lose memory until they are killed, start anew, and lose it again"};

}  // namespace
}  // namespace stampede
