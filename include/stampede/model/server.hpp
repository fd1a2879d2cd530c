#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "stampede/kernel/cpu.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/model/capacity.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/stay.hpp"
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
    std::uint16_t version = 0;
  };

  Server(const Component::Context& context, const Settings& settings, std::uint32_t index,
         PlaceId place);

  Reply call(const Request& request) final { return reach(*this, request, &Server::call_inside); }
  Reply probe(const Request& prober) final { return reach(*this, prober, &Server::inspect); }
  /// A request from within the same process: there is no network in between.
  Reply call_inside(const Request& request) {
    if (!takes_requests() || request.hops > max_hops) {
      return refusal<Response>();
    }
    return is_interfered() ? serve_disturbed(request) : serve(request);
  }

  /// The exact law of work: integrated over busy cores, or added up over pieces, it is the same.
  std::string broken_law() override;
  void end_all_work() final;

  /// Takes it out of service for good: what is inside dies, and whoever calls finds nobody.
  void leave() { leave(KilledWork::answers_broken); }
  void drain(Duration pre_stop, Duration grace) final;

  /// Where jobs belong that die with the instance.
  Scope& scope() { return inside_; }

 protected:
  /// Answers a request that has come in; the instance is up. The reply says nothing of the network.
  virtual Reply serve(const Request& request) = 0;
  /// The instance went down, and the jobs in its scope are dead.
  virtual void went_down(KilledWork) {}
  /// The instance takes requests again.
  virtual void came_up() {}
  /// The instance was told to leave, and goes on with what it has.
  virtual void began_to_drain() {}

  /// Brings a question of any kind in, over the network where it takes time, and the answer back.
  /// `inside` is what is done with it here.
  template <class Answer, class Question, class Host>
  static Job<Answer> reach(Host& host, const Question& asked,
                           Job<Answer> (Host::*inside)(const Question&)) {
    const Server& server = host;
    return server.network_.is_instant(asked.from, host.place())
               ? (host.*inside)(asked)
               : carry(host.wire(), host, asked, inside);
  }
  /// What whoever asks hears while the instance is down.
  template <class Answer>
  Answer refusal() const {
    return is_silent_ && !is_up() ? Answer::lost() : Answer::with(Outcome::unreachable);
  }

  /// A request is at the door.
  Stay arrive() { return {observer_, simulation_, *this}; }

  /// Waits in line for a slot until the request's patience is over or it is turned away: then with
  /// an empty Slot, and why is said by `end_without_slot`. The wait counts for `stay` where there
  /// is one.
  class Queueing {
   public:
    Queueing(Server& at, Slots& slots, Stay* stay, const Request& request)
        : at_(at), stay_(stay), line_(slots.acquire(request.priority, request.patience)) {}
    Queueing(const Queueing&) = delete;
    Queueing& operator=(const Queueing&) = delete;
    ~Queueing() {
      if (is_waiting_) [[unlikely]] {
        leave();
      }
    }

    bool await_ready() { return line_.await_ready(); }
    void await_suspend(std::coroutine_handle<> process) {
      is_waiting_ = true;
      since_ = at_.simulation().now();
      at_.observer().queue_changed(since_, 1);
      line_.await_suspend(process);
    }
    Slot await_resume() {
      if (is_waiting_) {
        leave();
      }
      return line_.await_resume();
    }

   private:
    void leave() {
      is_waiting_ = false;
      const Time now = at_.simulation().now();
      at_.observer().queue_changed(now, -1);
      if (stay_ != nullptr) {
        stay_->add_wait(now - since_);
      }
    }

    Server& at_;
    Stay* stay_;
    Time since_;
    bool is_waiting_ = false;
    decltype(std::declval<Slots&>().acquire()) line_;
  };

  /// How a request ends that leaves a line without a slot now.
  Outcome end_without_slot(const Request& request) const {
    return request.patience <= simulation_.now() ? Outcome::abandoned : Outcome::rejected_shed;
  }

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
    void hold(Slot&& slot) {
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
  /// Whether the error rate, or somebody who interferes, lets this request fail.
  bool fails(const Request& request) {
    if (error_rate().value() <= 0 && !is_interfered()) [[likely]] {
      return false;
    }
    return is_made_to_fail(request);
  }

 private:
  Reply inspect(const Request& prober);
  Reply inspect_when_awake();
  Reply serve_disturbed(const Request& request);
  Reply serve_later(Request request, Duration delay);
  bool is_made_to_fail(const Request& request);

  Scope& wire() { return on_the_wire_; }
  /// The carrying job belongs to the wire and outlives the instance.
  template <class Answer, class Question, class Host>
  static Job<Answer> carry(Scope& wire, Host& host, const Question& asked,
                           Job<Answer> (Host::*inside)(const Question&));

  void crash(KilledWork how) final;
  void leave(KilledWork how);
  void emptied() final { is_empty_.raise(); }
  Process drain_process(Time stops, Time dies);
  void stop(InstanceState after, KilledWork how);
  void boot() final;
  Process boot_process(std::uint64_t boot);
  void speed_changed(double speed) final;
  void cores_taken_changed(double taken) final;
  void change_capacity(int by);

  std::int64_t workers_;
  std::int64_t cores_;
  const Distribution<Duration>& boot_time_;
  std::uint64_t wire_;  ///< tells the luck of messages from that of the next hop's
  Stream errors_;
  Stream boot_times_;
  bool is_silent_ = false;  ///< while down: callers hear nothing
  std::uint64_t boots_ = 0;
  Signal awake_;     ///< the speed has changed
  Signal is_empty_;  ///< the last request has left an instance that is stopping
  Scope on_the_wire_;
  Scope life_;

  // What every request touches, between what the CPU and what deriving classes have of that kind.
  Cpu cpu_;
  Simulation& simulation_;
  Network& network_;
  ComponentObserver& observer_;
  Scope inside_;
};

template <class Answer, class Question, class Host>
Job<Answer> Server::carry(Scope& wire, Host& host, const Question& asked,
                          Job<Answer> (Host::*inside)(const Question&)) {
  const Question question = asked;
  const Server& server = host;
  const std::uint64_t luck = combine(question.luck, server.wire_);
  const Network& network = server.network_;
  const PlaceId there = host.place();
  const Network::Transit in = network.transit(question.from, there, payload_of(question), luck);
  if (in.lost) {
    const Answer nothing = Answer::lost();
    co_return nothing;
  }
  if (in.line != nullptr) {
    co_await in.line->work(in.transfer);
  }
  co_await wire.simulation().delay(in.latency);

  Job<Answer> answering = (host.*inside)(question);
  const Answer answer = co_await answering.relayed();

  const Network::Transit out = network.transit(there, question.from, payload_of(answer), ~luck);
  if (out.lost) {
    const Answer nothing = Answer::lost();
    co_return nothing;
  }
  if (out.line != nullptr) {
    co_await out.line->work(out.transfer);
  }
  co_await wire.simulation().delay(out.latency);
  co_return answer;
}

/// The way to a server from within its own process.
class InProcessClient final : public Endpoint {
 public:
  explicit InProcessClient(Server& server) : server_(server) {}
  Reply call(const Request& request) override { return server_.call_inside(request); }

 private:
  Server& server_;
};

}  // namespace stampede
