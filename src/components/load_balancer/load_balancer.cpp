#include <cmath>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "components/load_balancer/roster.hpp"
#include "components/load_balancer/settings.hpp"
#include "stampede/kernel/cpu.hpp"

namespace stampede {
namespace {

/// One balancer: chooses a backend for each request and hands the request on. Its roster holds what
/// it knows of the backends.
///
/// Where no time passes (an instant way to the caller, no processing) a call is a plain function:
/// the caller gets the backend's own reply, and the balancer learns of the end as a listener.
class Balancer final : public Instance, private Roster::Listener {
 public:
  Balancer(const LoadBalancerSettings& settings, const Component::Context& context,
           StickySessions* sessions, std::uint32_t index, PlaceId place)
      : Instance(context.name + "-" + std::to_string(index), index, place),
        simulation_(context.simulation),
        network_(context.network),
        observer_(context.observer),
        settings_(settings),
        has_processing_(!settings.processing.is_zero()),
        processing_(context.stream("processing")),
        errors_(context.stream("errors")),
        boot_times_(context.stream("boot")),
        wire_(hash_bytes(context.name)),
        cpu_(context.simulation, settings.cpu ? settings.cpu->cores : Cpu::unlimited,
             settings.cpu ? settings.cpu->scheduling : CpuScheduling::fifo, &context.observer),
        roster_(settings, context, index, place, sessions, *this),
        on_the_wire_(context.simulation),
        life_(context.simulation),
        inside_(context.simulation) {
    change_capacity(1);
  }

  void connect(Fleet& backends, Fleet& peers) {
    backends_ = &backends;
    roster_.connect(backends, peers);
  }

  void start() { roster_.start(); }

  Scope& scope() { return inside_; }

  Reply call(const Request& request) override {
    if (!has_processing_ && network_.is_instant(request.from, place())) {
      return pass_on(request);
    }
    return serve(request);
  }

  Reply probe(const Request& prober) override { return answer_probe(prober); }

  /// Work is conserved, and every request at a backend is counted there.
  std::string broken_law() {
    const double done = cpu_.work_done_seconds();
    const double received = cpu_.work_received_seconds();
    if (std::abs(done - received) > 1e-6 * (1 + std::abs(done))) {
      return name() + ": the CPU did " + std::to_string(done) + " s of work, requests received " +
             std::to_string(received) + " s";
    }
    std::uint64_t sent = 0;
    for (const Passage& passage : passages_) {
      sent += passage.is_sent() ? 1 : 0;
    }
    if (sent != roster_.in_flight()) {
      return name() + ": " + std::to_string(sent) + " requests are at backends, counted are " +
             std::to_string(roster_.in_flight());
    }
    return {};
  }

 protected:
  /// Connections break: callers learn of it as `how` says, backends go on with what they have.
  void crash(KilledWork how) override {
    if (state() == InstanceState::down || state() == InstanceState::gone) {
      return;
    }
    const bool was_up = is_up();
    is_silent_ = how == KilledWork::stays_silent;
    ++boots_;
    set_state(InstanceState::down);
    inside_.kill(how);
    for (Passage& passage : passages_) {
      break_off(passage, how);
    }
    at_cpu_ = 0;
    roster_.forget();
    if (was_up) {
      change_capacity(-1);
    }
  }

  void boot() override {
    if (state() == InstanceState::down) {
      set_state(InstanceState::boot);
      static_cast<void>(boot_process(++boots_));
    }
  }

  void speed_changed(double speed) override { cpu_.set_speed(speed); }

 private:
  /// A request's way through the balancer, from the door to its end. Comes from a pool, so that it
  /// outlives the call in which it began without an allocation.
  struct Passage final : ReplyListener {
    enum class Stage : std::uint8_t {
      idle,    ///< in the pool
      inside,  ///< not yet sent on
      at_backend,
      lost,  ///< sent on, and killed there in silence: the balancer goes on counting it
    };

    explicit Passage(Balancer& balancer) : at(balancer) {}
    void answered(const Response& response) override { at.answered(*this, response); }
    void lost() override { at.lose(*this); }
    bool is_sent() const { return stage == Stage::at_backend || stage == Stage::lost; }

    Balancer& at;
    Stage stage = Stage::idle;
    BackendSlot slot = 0;
    Time sent;  ///< to the backend
    Time lost_at;
    Visit visit;
    ScopeMember* work = nullptr;     ///< the backend's, while it goes on
    ScopeMember* carrier = nullptr;  ///< the balancer's own job, if time passes here
  };

  /// Tells a passage which job carries it: `co_await Boarding(passage);`.
  class Boarding {
   public:
    explicit Boarding(Passage& passage) : passage_(passage) {}
    bool await_ready() const { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> job) {
      passage_.carrier = &job.promise();
      return false;
    }
    void await_resume() {}

   private:
    Passage& passage_;
  };

  // ---- The life of a request here ----

  /// The way on which no time passes.
  Reply pass_on(const Request& request) {
    if (!is_up()) [[unlikely]] {
      if (is_silent_) {
        return fall_silent();
      }
      return Response::with(Outcome::unreachable);
    }
    Passage& passage = arrive();
    return forward(request, passage);
  }

  /// The way on which time passes: on the wire, or at the balancer's CPU.
  Reply serve(Request request) {
    const bool instant = network_.is_instant(request.from, place());
    const std::uint64_t luck = combine(request.luck, wire_);  // the next hop uses the request's own
    if (!instant) {
      co_await enter(on_the_wire_);
      if (network_.loses(request.from, place(), luck)) {
        co_return Response::lost();
      }
      if (Cpu* line = network_.line(request.from, place())) {
        co_await line->work(network_.transfer_time(request.from, place(), request.size));
      }
      co_await simulation_.delay(network_.latency(request.from, place(), luck));
      co_await enter(inside_);
    }
    Response response = Response::with(Outcome::unreachable);
    if (is_up()) {
      Passage& passage = arrive();
      co_await Boarding(passage);
      if (is_full()) {
        response = end(passage, Outcome::rejected_queue_full);
      } else {
        if (has_processing_) {
          Draw draw = processing_.at(request.luck);
          const Duration demand = settings_.processing.sample(draw);
          const Time began = simulation_.now();
          ++at_cpu_;
          const Duration waited = co_await cpu_.work(demand);
          --at_cpu_;
          passage.visit.cpu_waited = waited;
          observer_.served(index(), simulation_.now() - began - waited);
        }
        Reply reply = forward(request, passage);
        response = co_await reply;
      }
    } else if (is_silent_) {
      co_return Response::lost();
    }
    if (!instant) {
      co_await enter(on_the_wire_);
      if (network_.loses(place(), request.from, ~luck)) {
        co_return Response::lost();
      }
      if (Cpu* line = network_.line(place(), request.from)) {
        co_await line->work(network_.transfer_time(place(), request.from, response.size));
      }
      co_await simulation_.delay(network_.latency(place(), request.from, ~luck));
    }
    co_return response;
  }

  Reply fall_silent() { co_return Response::lost(); }

  Passage& arrive() {
    if (idle_.empty()) [[unlikely]] {
      idle_.push_back(&passages_.emplace_back(*this));
    }
    Passage& passage = *idle_.back();
    idle_.pop_back();
    passage.stage = Passage::Stage::inside;
    passage.visit = Visit();
    passage.visit.arrived = simulation_.now();
    passage.visit.instance = index();
    observer_.arrived(passage.visit.arrived);
    return passage;
  }

  /// Sends the request to a backend; the reply is the backend's own.
  Reply forward(const Request& request, Passage& passage) {
    if (request.hops > max_hops) [[unlikely]] {
      return end(passage, Outcome::unreachable);
    }
    if (fails(request)) [[unlikely]] {
      return end(passage, Outcome::error);
    }
    const Time now = simulation_.now();
    const BackendSlot slot = roster_.choose(request, now);
    if (slot == Roster::nobody) [[unlikely]] {
      return end(passage, Outcome::rejected_no_backend);
    }
    passage.stage = Passage::Stage::at_backend;
    passage.slot = slot;
    passage.sent = now;
    passage.visit.started = true;
    roster_.started(slot);
    Request forwarded = request;  // with the same luck: policies compare under equal luck
    forwarded.from = place();
    ++forwarded.hops;
    Reply reply = (*backends_)[slot].call(forwarded);
    passage.work = reply.work();
    if (passage.work != nullptr) {
      reply.tell(passage);
    } else if (reply.done()) {
      answered(passage, reply.answer());
    } else {
      lose(passage);
    }
    return reply;
  }

  void answered(Passage& passage, const Response& response) {
    const BackendSlot slot = passage.slot;
    const Time sent = passage.sent;
    end(passage, response.outcome);
    if (lost_count_ > 0) [[unlikely]] {
      give_up_lost(slot, sent);
    }
  }

  /// The backend will never answer, and the balancer does not know: it goes on counting the request
  /// until something tells it that the backend has lost it.
  void lose(Passage& passage) {
    passage.stage = Passage::Stage::lost;
    passage.lost_at = simulation_.now();
    passage.work = nullptr;
    while (lost_.size() <= passage.slot) {
      lost_.emplace_back();
    }
    lost_[passage.slot].push_back(passage);
    ++lost_count_;
    if (ScopeMember* carrier = std::exchange(passage.carrier, nullptr)) {
      carrier->cut_off(KilledWork::stays_silent);
      simulation_.destroy_soon(*carrier);
    }
  }

  /// The backend answered what was sent to it later, or was given up: the connections from before
  /// are known to be broken.
  void give_up_lost(BackendSlot slot, Time before) {
    if (slot < lost_.size()) {
      lost_[slot].for_each([&](Passage& passage) {
        if (passage.lost_at < before) {
          end(passage, Outcome::reset);
        }
      });
    }
  }

  void given_up(BackendSlot slot) override { give_up_lost(slot, Time::never()); }

  /// Ends a request on behalf of a balancer that has crashed.
  void break_off(Passage& passage, KilledWork how) {
    if (passage.stage == Passage::Stage::idle) {
      return;
    }
    ScopeMember* work = std::exchange(passage.work, nullptr);
    end(passage, Outcome::reset);
    if (work != nullptr) {
      work->cut_off(how);
    }
  }

  /// The only end of every passage.
  Response end(Passage& passage, Outcome outcome) {
    const Time now = simulation_.now();
    if (passage.is_sent()) {
      lost_count_ -= passage.stage == Passage::Stage::lost ? 1 : 0;
      roster_.ended(passage.slot, outcome, now - passage.sent, now);
    }
    passage.visit.outcome = outcome;
    observer_.ended(now, passage.visit);
    passage.unlink();
    passage.stage = Passage::Stage::idle;
    passage.work = nullptr;
    passage.carrier = nullptr;
    idle_.push_back(&passage);
    return Response::with(outcome);
  }

  // ---- The life of the balancer ----

  Reply answer_probe(Request prober) {
    co_await enter(on_the_wire_);
    if (network_.loses(prober.from, place(), prober.luck)) {
      co_return Response::lost();
    }
    co_await simulation_.delay(network_.latency(prober.from, place(), prober.luck));
    if (!is_up() && is_silent_) {
      co_return Response::lost();
    }
    const Response response = Response::with(is_up() ? Outcome::ok : Outcome::unreachable);
    if (network_.loses(place(), prober.from, ~prober.luck)) {
      co_return Response::lost();
    }
    co_await simulation_.delay(network_.latency(place(), prober.from, ~prober.luck));
    co_return response;
  }

  /// `boot` is the number of this start: a crash in the meantime makes it void.
  Process boot_process(std::uint64_t boot) {
    co_await enter(life_);
    Draw draw = boot_times_.at(combine(index(), boot));
    const Duration boot_time = settings_.boot_time.sample(draw);
    co_await simulation_.delay(boot_time);
    if (state() == InstanceState::boot && boot == boots_) {
      is_silent_ = false;
      change_capacity(1);
      roster_.start();
      set_state(InstanceState::ready);
    }
    co_return Done();
  }

  // ---- Plain questions ----

  /// Whether as many requests wait for a core as may.
  bool is_full() const {
    if (!settings_.cpu) {
      return false;
    }
    const auto cores = static_cast<std::uint64_t>(settings_.cpu->cores);
    return at_cpu_ >= cores && at_cpu_ - cores >= settings_.max_pending.value;
  }

  bool fails(const Request& request) {
    const double rate = error_rate().value();
    if (rate <= 0) {
      return false;
    }
    Draw draw = errors_.at(request.luck);
    return draw.chance(rate);
  }

  void change_capacity(int by) {
    const std::int64_t cores = settings_.cpu ? settings_.cpu->cores : 0;
    observer_.capacity_changed(simulation_.now(), 0, by * cores, by);
  }

  Simulation& simulation_;
  Network& network_;
  ComponentObserver& observer_;
  const LoadBalancerSettings& settings_;
  bool has_processing_;
  Stream processing_;
  Stream errors_;
  Stream boot_times_;
  std::uint64_t wire_;
  Fleet* backends_ = nullptr;

  Cpu cpu_;
  std::uint64_t at_cpu_ = 0;  ///< requests that wait for a core or have one
  bool is_silent_ = false;    ///< while down: callers hear nothing
  std::uint64_t boots_ = 0;

  std::deque<Passage> passages_;
  std::vector<Passage*> idle_;
  std::deque<IntrusiveList<Passage>> lost_;  ///< by slot
  std::size_t lost_count_ = 0;

  // What runs by itself comes last: it uses all of the above, so it must die first.
  Roster roster_;
  Scope on_the_wire_;
  Scope life_;
  Scope inside_;
};

// ---- The component ----------------------------------------------------------------------------

class LoadBalancer final : public Component {
 public:
  LoadBalancer(const LoadBalancerSettings& settings, const Context& context)
      : settings_(settings), context_(context) {
    if (settings.sticky) {
      sessions_.emplace(*settings.sticky);
    }
    std::uint32_t index = 0;
    for (const PlaceId place : places_of(settings.placement, context.network.geography())) {
      fleet_.add(std::make_unique<Balancer>(settings_, context_, sessions_ ? &*sessions_ : nullptr,
                                            index, place));
      ++index;
    }
  }

  void connect(Directory& directory) override {
    Fleet& backends = directory.component(settings_.backends).fleet();
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
      balancer(i).connect(backends, fleet_);
    }
  }

  void start() override {
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
      balancer(i).start();
    }
  }

  Fleet& fleet() override { return fleet_; }

  std::string broken_law() override {
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
      std::string broken = balancer(i).broken_law();
      if (!broken.empty()) {
        return broken;
      }
    }
    return {};
  }

 private:
  Balancer& balancer(std::size_t i) { return static_cast<Balancer&>(fleet_[i]); }

  LoadBalancerSettings settings_;
  Context context_;
  std::optional<StickySessions> sessions_;
  Fleet fleet_;
};

const Register<Component, LoadBalancer, LoadBalancerSettings> registered{
    "load_balancer", "sends each request to one of the instances of another component"};

}  // namespace
}  // namespace stampede
