#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stampede/kernel/cpu.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/model/capacity.hpp"
#include "stampede/model/component.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

/// An instance that requests reach over the network. It carries their messages both ways, turns
/// away who comes while it is down, answers health checks, dies with the work inside it and boots
/// again. What it does with a request is `serve`, and no business of the network.
class Server : public Instance {
 public:
  /// References into the component's settings, which outlive the instance.
  struct Settings {
    const std::optional<CpuSettings>& cpu;  ///< without it, computing never waits for a core
    std::int64_t workers;                   ///< what observers are told of, besides the cores
    const Distribution<Duration>& boot_time;
  };

  Server(const Component::Context& context, const Settings& settings, std::uint32_t index,
         PlaceId place);

  Reply call(const Request& request) final {
    if (!network_.is_instant(request.from, place())) {
      return carry(on_the_wire_, *this, request, &Server::admit);
    }
    return takes(request) ? serve(request) : refusal();
  }
  Reply probe(const Request& prober) final {
    return network_.is_instant(prober.from, place())
               ? inspect(prober)
               : carry(on_the_wire_, *this, prober, &Server::inspect);
  }

  /// The exact law of work: integrated over busy cores, or added up over pieces, it is the same.
  std::string broken_law() override;
  void end_all_work() final;

  /// Where jobs belong that die with the instance.
  Scope& scope() { return inside_; }

 protected:
  /// Answers a request that has come in; the instance is up. The reply says nothing of the network.
  virtual Reply serve(const Request& request) = 0;
  /// The instance went down, and the jobs in its scope are dead.
  virtual void went_down(KilledWork) {}
  /// The instance is about to take requests again.
  virtual void came_up() {}

  /// A request's stay at this instance, from the door to its end, told to the observer even when a
  /// crash ends it.
  class Stay {
   public:
    explicit Stay(Server& at) : at_(at) {
      visit_.arrived = at.simulation().now();
      visit_.instance = at.index();
      visit_.version = at.version();
      visit_.outcome = Outcome::reset;  // unless it comes to another end
      at.observer().arrived(visit_.arrived);
    }
    Stay(const Stay&) = delete;
    ~Stay() { at_.observer().ended(at_.simulation().now(), visit_); }

    void add_wait(Duration wait) { visit_.waited += wait; }
    void add_cpu_wait(Duration wait) { visit_.cpu_waited += wait; }
    void start() { visit_.started = true; }
    /// Under async the first worker may be long in coming, or never come.
    void wait_for_worker() { visit_.started = has_worked_; }
    void work() { visit_.started = has_worked_ = true; }
    void end(Outcome outcome) { visit_.outcome = outcome; }
    Outcome outcome() const { return visit_.outcome; }

   private:
    Server& at_;
    Visit visit_;
    bool has_worked_ = false;
  };

  /// A spell in the line for a worker; it counts for `stay` where there is one.
  class Queueing {
   public:
    Queueing(Server& at, Stay* stay) : at_(at), stay_(stay), since_(at.simulation().now()) {
      at.observer().queue_changed(since_, 1);
    }
    Queueing(const Queueing&) = delete;
    ~Queueing() {
      const Time now = at_.simulation().now();
      at_.observer().queue_changed(now, -1);
      if (stay_ != nullptr) {
        stay_->add_wait(now - since_);
      }
    }

   private:
    Server& at_;
    Stay* stay_;
    Time since_;
  };

  /// A worker in use; empty until `hold`.
  class Worker {
   public:
    explicit Worker(Server& at) : at_(at) {}
    Worker(const Worker&) = delete;
    ~Worker() {
      if (slot_) {
        at_.observer().busy_workers_changed(at_.simulation().now(), at_.index(), -1);
      }
    }

    explicit operator bool() const { return static_cast<bool>(slot_); }
    void hold(Slot slot) {
      if (slot) {
        slot_ = std::move(slot);
        at_.observer().busy_workers_changed(at_.simulation().now(), at_.index(), 1);
      }
    }

   private:
    Server& at_;
    Slot slot_;
  };

  Simulation& simulation() { return simulation_; }
  ComponentObserver& observer() { return observer_; }
  Cpu& cpu() { return cpu_; }
  /// Whether the error rate lets this request fail.
  bool fails(const Request& request) {
    const double rate = error_rate().value();
    if (rate <= 0) [[likely]] {
      return false;
    }
    Draw draw = errors_.at(request.luck);
    return draw.chance(rate);
  }

 private:
  using Inside = Reply (Server::*)(const Request&);

  bool takes(const Request& request) const { return is_up() && request.hops <= max_hops; }
  Reply admit(const Request& request) { return takes(request) ? serve(request) : refusal(); }
  Response refusal() const {
    return is_silent_ && !is_up() ? Response::lost() : Response::with(Outcome::unreachable);
  }
  Reply inspect(const Request& prober);
  Reply inspect_when_awake();
  static Reply carry(Scope& wire, Server& server, const Request& asked, Inside inside);

  void crash(KilledWork how) final;
  void boot() final;
  Process boot_process(std::uint64_t boot);
  void speed_changed(double speed) final;
  void change_capacity(int by);

  std::int64_t workers_;
  std::int64_t cores_;
  const Distribution<Duration>& boot_time_;
  std::uint64_t wire_;  ///< tells the luck of messages from that of the next hop's
  Stream errors_;
  Stream boot_times_;
  bool is_silent_ = false;  ///< while down: callers hear nothing
  std::uint64_t boots_ = 0;
  Signal awake_;  ///< the speed has changed
  Scope on_the_wire_;
  Scope life_;

  // What every request touches, between what the CPU and what deriving classes have of that kind.
  Cpu cpu_;
  Simulation& simulation_;
  Network& network_;
  ComponentObserver& observer_;
  Scope inside_;
};

}  // namespace stampede
