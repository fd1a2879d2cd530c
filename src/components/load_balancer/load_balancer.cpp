#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "components/load_balancer/roster.hpp"
#include "components/load_balancer/settings.hpp"
#include "stampede/base/pool.hpp"
#include "stampede/model/server.hpp"

namespace stampede {
namespace {

const CallGuardMeasures call_guard_measures{"load_balancer"};

/// One balancer: chooses a backend for each request and hands the request on. Its roster holds what
/// it knows of the backends.
///
/// Where no time passes (an instant way to the caller, no processing) a call is a plain function:
/// the caller gets the backend's own reply, and the balancer learns of the end as a listener.
class Balancer final : public Server, private Roster::Listener {
 public:
  Balancer(const LoadBalancerSettings& settings, const Component::Context& context,
           StickySessions* sessions, AdmissionOfAll* admission, DeathWatch* deaths,
           std::uint32_t index, PlaceId place)
      : Server(context, {.cpu = settings.cpu, .workers = 0, .boot_time = settings.boot_time}, index,
               place),
        settings_(settings),
        context_(context),
        has_processing_(!settings.processing.is_zero()),
        processing_(context.stream("processing")),
        timeouts_(settings.timeout ? &context.simulation.timeouts(*settings.timeout) : nullptr),
        roster_(settings, context, index, place, sessions, deaths, *this) {
    scope().let_withdraw();
    if (admission != nullptr) {
      admission_ = std::make_unique<Admission>(*admission, index);
    }
  }

  void connect(Fleet& backends, Fleet& peers) {
    backends_ = &backends;
    roster_.connect(backends, peers);
  }

  void start() { roster_.start(); }

  /// Besides the law of work: every request at a backend is counted there.
  std::string broken_law() override {
    if (std::string broken = Server::broken_law(); !broken.empty()) {
      return broken;
    }
    std::uint64_t sent = 0;
    for (Passage& passage : passages_) {
      sent += passage.is_sent() ? 1 : 0;
    }
    if (sent != roster_.in_flight()) {
      return name() + ": " + std::to_string(sent) + " requests are at backends, counted are " +
             std::to_string(roster_.in_flight());
    }
    return {};
  }

 private:
  /// A request's way through the balancer, from the door to its end. Comes from a pool, so that it
  /// outlives the call in which it began.
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
    std::uint64_t number = 0;  ///< of the request, among all that passed
    BackendSlot slot = 0;
    Time sent;  ///< to the backend
    Time lost_at;
    Visit visit;
    Admitted admitted;
    ScopeMember* work = nullptr;  ///< the backend's, while it goes on
    std::optional<CallGate::Pass> pass;
    Passage* next_idle = nullptr;
  };

  // ---- The life of a request here ----

  Reply serve(const Request& request) override {
    if (has_processing_) {
      return process(request);
    }
    Passage& passage = arrive();
    const Outcome verdict = admit(request, passage);
    return verdict == Outcome::ok ? send(request, passage) : Reply(end(passage, verdict));
  }

  /// With work of the balancer's own before the request is sent on.
  Reply process(const Request& asked) {
    const Request request = asked;
    Passage& passage = arrive();
    Outcome verdict = admit(request, passage);
    if (verdict == Outcome::ok && is_full()) {
      verdict = Outcome::rejected_queue_full;
    }
    if (verdict != Outcome::ok) {
      const Response response = end(passage, verdict);
      co_return response;
    }
    Draw draw = processing_.at(request.luck);
    const Duration demand = settings_.processing.sample(draw);
    {
      AtCpu at_cpu(*this, passage);
      const Duration waited = co_await cpu().work(demand);
      at_cpu.done();
      passage.visit.cpu_waited = waited;
    }
    Reply reply = send(request, passage);
    const Response response = co_await reply.relayed();
    co_return response;
  }

  Reply send(const Request& request, Passage& passage) {
    return timeouts_ == nullptr ? forward(request, passage) : forward_in_time(request, passage);
  }

  /// Whoever asked waits for the backend so long and no longer; the backend is not told.
  Reply forward_in_time(Request request, Passage& passage) {
    const std::uint64_t number = passage.number;
    Reply reply = forward(request, passage);
    Withdrawal withdrawal(reply, true);  // if whoever asked withdraws
    const bool is_answered = co_await reply.within(*timeouts_);
    withdrawal.call_off();
    const Response response = is_answered ? reply.answer() : Response::with(Outcome::error);
    if (!is_answered && passage.number == number && passage.is_sent()) {
      const BackendSlot slot = passage.slot;
      end(passage, Outcome::timeout);
      roster_.observed(slot, Outcome::timeout);
    }
    co_return response;
  }

  /// A request that waits for a core or has one. If it is withdrawn meanwhile, it ends; a crash
  /// ends all of them by itself, and the passage may be another request's by now.
  class AtCpu {
   public:
    AtCpu(Balancer& at, Passage& passage) : at_(at), passage_(passage), number_(passage.number) {
      ++at_.at_cpu_;
    }
    AtCpu(const AtCpu&) = delete;
    ~AtCpu() {
      const bool is_there = passage_.stage == Passage::Stage::inside && passage_.number == number_;
      if (!is_done_ && is_there) {
        --at_.at_cpu_;
        at_.end(passage_, Outcome::cancelled);
      }
    }
    void done() {
      is_done_ = true;
      --at_.at_cpu_;
    }

   private:
    Balancer& at_;
    Passage& passage_;
    std::uint64_t number_;
    bool is_done_ = false;
  };

  Passage& arrive() {
    Passage& passage = passages_.take(*this);
    passage.stage = Passage::Stage::inside;
    passage.number = ++passage_count_;
    passage.visit = Visit();
    passage.visit.arrived = simulation().now();
    passage.visit.instance = index();
    passage.visit.version = version();
    observer().arrived(passage.visit.arrived);
    return passage;
  }

  Outcome admit(const Request& request, Passage& passage) {
    return admission_ ? admission_->admit(request, passage.admitted) : Outcome::ok;
  }

  /// Sends the request to a backend; the reply is the backend's own.
  Reply forward(const Request& request, Passage& passage) {
    if (fails(request)) [[unlikely]] {
      return end(passage, Outcome::error);
    }
    const Time now = simulation().now();
    const BackendSlot slot = roster_.choose(request, now);
    if (slot == Roster::nobody) [[unlikely]] {
      return end(passage, Outcome::rejected_no_backend);
    }
    if (!settings_.guards.empty()) [[unlikely]] {
      passage.pass.emplace(&gate_of(slot), request);
      if (const std::optional<Outcome> refused = passage.pass->admit()) {
        return end(passage, *refused);
      }
    }
    mirror(request, now);
    Instance& backend = (*backends_)[slot];
    backend.prefetch();
    passage.stage = Passage::Stage::at_backend;
    passage.slot = slot;
    passage.sent = now;
    passage.visit.started = true;
    roster_.started(slot);
    Request forwarded = request;  // with the same luck: policies compare under equal luck
    forwarded.from = place();
    ++forwarded.hops;
    Reply reply = backend.call(forwarded);
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

  /// Sends a copy of the request to a version that is to be tried in secret: whoever asked gets
  /// nothing of the answer, and does not wait for it.
  void mirror(const Request& request, Time now) {
    const BackendSlot slot = roster_.choose_mirror(request, now);
    if (slot != Roster::nobody) [[unlikely]] {
      Request copy = request.as_branch(hash_bytes("mirror"));
      copy.from = place();
      static_cast<void>((*backends_)[slot].call(copy));
    }
  }

  void answered(Passage& passage, const Response& response) {
    const BackendSlot slot = passage.slot;
    const Time sent = passage.sent;
    end(passage, response.outcome);
    roster_.observed(slot, response.outcome);
    if (lost_count_ > 0) [[unlikely]] {
      give_up_lost(slot, sent);
    }
  }

  /// The backend will never answer, and the balancer does not know: it goes on counting the request
  /// until something tells it that the backend has lost it.
  void lose(Passage& passage) {
    passage.stage = Passage::Stage::lost;
    passage.lost_at = simulation().now();
    passage.work = nullptr;
    while (lost_.size() <= passage.slot) {
      lost_.emplace_back();
    }
    lost_[passage.slot].push_back(passage);
    ++lost_count_;
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
    const Time now = simulation().now();
    if (passage.is_sent()) {
      lost_count_ -= passage.stage == Passage::Stage::lost ? 1 : 0;
      roster_.ended(passage.slot, outcome, now - passage.sent, now);
    }
    if (passage.pass) [[unlikely]] {
      passage.pass->end(outcome);
      passage.pass.reset();
    }
    passage.visit.outcome = outcome;
    passage.admitted.end(outcome);
    observer().ended(now, passage.visit);
    passage.unlink();
    passage.stage = Passage::Stage::idle;
    passage.work = nullptr;
    passages_.give_back(passage);
    return Response::with(outcome);
  }

  // ---- The life of the balancer ----

  /// Connections break: callers learn of it as `how` says, backends go on with what they have.
  void went_down(KilledWork how) override {
    for (Passage& passage : passages_) {
      break_off(passage, how);
    }
    at_cpu_ = 0;
    for (const std::unique_ptr<CallGate>& gate : gates_) {
      if (gate) {
        gate->forget();
      }
    }
    if (admission_) {
      admission_->restart();
    }
    roster_.forget();
  }

  void came_up() override { roster_.start(); }

  // ---- Plain questions ----

  CallGate& gate_of(BackendSlot slot) {
    gates_.resize(std::max(gates_.size(), slot + std::size_t{1}));
    if (!gates_[slot]) {
      gates_[slot] = std::make_unique<CallGate>(
          settings_.guards, simulation(), CallGate::Told(call_guard_measures, observer()),
          context_.stream("guards of " + std::to_string(slot) + " at " + name()));
    }
    return *gates_[slot];
  }

  /// Whether as many requests wait for a core as may.
  bool is_full() const {
    if (!settings_.cpu) {
      return false;
    }
    const auto cores = static_cast<std::uint64_t>(settings_.cpu->cores);
    return at_cpu_ >= cores && at_cpu_ - cores >= settings_.max_pending.value;
  }

  const LoadBalancerSettings& settings_;
  const Component::Context& context_;
  bool has_processing_;
  Stream processing_;
  Timeouts* timeouts_;  ///< null: it waits for backends for ever
  Fleet* backends_ = nullptr;

  std::unique_ptr<Admission> admission_;
  std::vector<std::unique_ptr<CallGate>> gates_;  ///< by slot
  std::uint64_t at_cpu_ = 0;                      ///< requests that wait for a core or have one
  Pool<Passage> passages_;
  std::uint64_t passage_count_ = 0;
  std::deque<IntrusiveList<Passage>> lost_;  ///< by slot
  std::size_t lost_count_ = 0;

  Roster roster_;  ///< comes last: what runs there uses all of the above, so it must die first
};

// ---- The component ----------------------------------------------------------------------------

class LoadBalancer final : public Component {
 public:
  LoadBalancer(const LoadBalancerSettings& settings, const Context& context)
      : settings_(settings), context_(context) {
    if (settings.sticky) {
      sessions_.emplace(*settings.sticky);
    }
    if (!settings_.admission.empty()) {
      admission_.emplace(settings_.admission, context_, "load_balancer");
    }
    if (settings_.health_check || settings_.heartbeats) {
      deaths_.emplace(context_.simulation,
                      DeathWatch::Told{.suspicions = context_.observer.tally(suspicions),
                                       .mistaken = context_.observer.tally(mistaken_suspicions),
                                       .detection = context_.observer.timing(detection_time)});
    }
    std::uint32_t index = 0;
    for (const PlaceId place : places_of(settings.placement, context.network.geography())) {
      fleet_.add(std::make_unique<Balancer>(settings_, context_, sessions_ ? &*sessions_ : nullptr,
                                            admission_ ? &*admission_ : nullptr,
                                            deaths_ ? &*deaths_ : nullptr, index, place));
      ++index;
    }
  }

  static Theory theory(const LoadBalancerSettings& settings) {
    Theory theory{.core_room = theory_of(settings.max_pending)};
    if (settings.cpu) {
      theory.cores = settings.cpu->cores;
      theory.scheduling = settings.cpu->scheduling;
    }
    CallTheory backend{.target = settings.backends.name, .split = settings.policy.theory()};
    if (!settings.weights.empty() || !backend.split) {
      backend.split = Split{.kind = Split::Kind::random};
      theory.remarks.push_back(settings.weights.empty()
                                   ? settings.policy.kind() + " is taken to be random"
                                   : "weights are left out");
    }
    if (backend.split->kind == Split::Kind::least_loaded && std::isinf(backend.split->choices)) {
      theory.remarks.push_back(
          "its backends are taken to have one line: with few of them they wait longer");
    }
    if (!settings.admission.empty()) {
      theory.remarks.emplace_back("what its limiters turn away is left out");
    }
    if (settings.zone_aware) {
      theory.remarks.emplace_back("routing by zone is left out");
    }
    if (settings.priorities) {
      theory.remarks.emplace_back("priorities are left out");
    }
    theory.handlers.push_back({.flow = Flow::sequence({Flow::compute(settings.processing),
                                                       Flow::call(std::move(backend))})});
    return theory;
  }

  void connect(Directory& directory) override {
    Fleet& backends = directory.component(settings_.backends).fleet();
    if (deaths_) {
      deaths_->follow(backends);
    }
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

 private:
  Balancer& balancer(std::size_t i) { return static_cast<Balancer&>(fleet_[i]); }

  LoadBalancerSettings settings_;
  Context context_;
  std::optional<StickySessions> sessions_;
  std::optional<AdmissionOfAll> admission_;
  std::optional<DeathWatch> deaths_;
  Fleet fleet_;
};

const Register<Component, LoadBalancer, LoadBalancerSettings> registered{
    "load_balancer", "sends each request to one of the instances of another component"};

}  // namespace
}  // namespace stampede
