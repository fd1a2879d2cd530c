#include <climits>
#include <deque>
#include <memory>
#include <optional>

#include "components/service/log_consumers.hpp"
#include "components/service/queue_consumers.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/kernel/turn.hpp"
#include "stampede/model/in_process.hpp"
#include "stampede/model/limiter.hpp"
#include "stampede/model/releases.hpp"
#include "stampede/model/server.hpp"
#include "stampede/model/step.hpp"

namespace stampede {
namespace {

// ---- Settings ---------------------------------------------------------------------------------

enum class ConcurrencyKind { threads, async };
const EnumNames<ConcurrencyKind>& names(ConcurrencyKind) {
  static const EnumNames<ConcurrencyKind> table{
      {{ConcurrencyKind::threads, "threads"}, {ConcurrencyKind::async, "async"}}};
  return table;
}

struct ConcurrencySettings {
  ConcurrencyKind kind = ConcurrencyKind::threads;
  int workers = 1;
  QueueSettings queue;
};
void describe(Visitor& v, ConcurrencySettings& s) {
  v.field("kind", s.kind,
          "threads: a worker is held from start to end of a request, calls included; "
          "async: only while it computes");
  v.field("workers", s.workers, "workers of each instance", required(), at_least(1),
          at_most(1'000'000));
  v.field("queue", s.queue, "the line in front of the workers; full means rejected");
}

/// What one version is made of: all that a release may change.
struct ReleaseSettings {
  std::optional<ConcurrencySettings> concurrency;
  std::optional<CpuSettings> cpu;
  StepSettings handler;
  Named<StepSettings> handlers;
  std::vector<ConnectionPoolSettings> connection_pools;
  std::vector<GuardedTargetSettings> guards;
  Ratio error_rate;
  std::vector<Defect> defects;
  Distribution<Duration> boot_time;
};
void describe(Visitor& v, ReleaseSettings& s) {
  v.field("concurrency", s.concurrency, "workers of each instance; without it, no limit");
  v.field("cpu", s.cpu, "cores of each instance; without it, computing never waits for a core");
  v.field("handler", s.handler, "what is done for requests that no entry of handlers is for");
  v.field("handlers", s.handlers, "what is done for each type of request");
  describe_connection_pools(v, s.connection_pools);
  describe_guards(v, s.guards);
  v.field("error_rate", s.error_rate, "share of requests that are worked on and fail nevertheless");
  v.field("defects", s.defects,
          "what is wrong with every instance for as long as it lives: faults without a time and a "
          "target");
  v.field("boot_time", s.boot_time, "from the start of an instance until it is ready");
  if (s.concurrency) {
    v.declare(HasQueue{});
    if (s.concurrency->kind == ConcurrencyKind::threads) {
      v.declare(HoldsWorkers{});
    }
  }
  for (const auto& handler : s.handlers) {
    v.declare(HandlesType{handler.name, "handlers." + handler.name, handler.place});
  }
}

struct ServiceSettings : ReleaseSettings {
  PlacementSettings placement;
  AdmissionSettings admission;
  std::optional<ConsumeSettings> consume;
  std::string version = "stable";
  Named<ReleaseSettings> versions;
  Duration pre_stop;
  Duration termination_grace_period = Duration::nanoseconds(30'000'000'000);
};
/// Requests that an instance serves at a time.
int workers_of(const ServiceSettings& s) {
  return s.concurrency && s.concurrency->kind == ConcurrencyKind::threads ? s.concurrency->workers
                                                                          : INT_MAX;
}
/// Of each instance.
int consumers_of(const ServiceSettings& s) {
  if (!s.consume) {
    return 0;
  }
  return s.consume->consumers.value_or(s.concurrency ? s.concurrency->workers : 1);
}
void declare_versions(Visitor& v, const ServiceSettings& s) {
  HasVersions versions{.names = {s.version}, .defects = {s.defects}};
  for (const auto& version : s.versions) {
    versions.names.push_back(version.name);
    versions.defects.push_back(version.value.defects);
  }
  v.declare(versions);
}
void describe(Visitor& v, ServiceSettings& s) {
  describe_placement(v, s.placement);
  describe(v, static_cast<ReleaseSettings&>(s));
  describe_admission(v, s.admission);
  v.field("consume", s.consume,
          "a queue or a log whose messages are handled as requests of their types, besides those "
          "that are sent to it");
  v.field("version", s.version, "the name of the version that runs in the beginning", not_empty());
  v.field("versions", s.versions,
          "other versions, which a rollout may bring: what is different in each of them",
          inherits());
  v.field("pre_stop", s.pre_stop,
          "an instance that is told to leave goes on taking requests for so long, so that those "
          "who send them hear of it first",
          at_least(Duration()));
  v.field("termination_grace_period", s.termination_grace_period,
          "how long after it was told to leave whatever is left inside dies with it",
          at_least(Duration()), aliases("termination_grace_period_seconds"));
  v.doubt_unless(!s.handler.empty() || !s.handlers.empty(), "handler",
                 "and handlers are both empty: every request is answered at once",
                 "such as handler: [{compute: 5ms}]");
  v.check(s.versions.find(s.version) == nullptr, "versions",
          "has one of the name of the version that runs in the beginning",
          "give one of them another name");
  v.declare(HostsInProcess{});
  declare_versions(v, s);
  v.doubt_unless(consumers_of(s) <= workers_of(s), "consume",
                 "has more consumers than the instance has workers: messages wait in their hands");
  constexpr std::int64_t most_in_hands = 1'000'000;
  v.check(!s.consume || std::int64_t{consumers_of(s)} * s.consume->prefetch <= most_in_hands,
          "consume",
          "may hold more than 1000000 deliveries in each instance: consumers times prefetch",
          "lower one of them");
  if (s.consume && !s.consume->log.empty()) {
    v.declare(JoinsGroup{.log = s.consume->log.name,
                         .group = s.consume->group,
                         .consumers = s.placement.replicas * consumers_of(s),
                         .settings = s.consume->of_group(),
                         .place = s.consume->log.place});
  }
}

const Measure suppressed_duplicates{
    "service", Measure::count, "suppressed_duplicates",
    "deliveries of messages that had been processed before, and had no effect"};
const Measure request_timeouts{
    "service", Measure::count, "request_timeouts",
    "requests for messages, to a broker, that nobody answered within request_timeout"};
const Measure poll_timeouts{"service", Measure::count, "poll_timeouts",
                            "consumers that left their group since they were at it for longer than "
                            "max_poll_interval"};

const ConnectionPoolMeasures connection_pool_measures{"service"};
const CallGuardMeasures call_guard_measures{"service"};

// ---- Handlers ---------------------------------------------------------------------------------

/// What the instances of a service do with requests.
class Handlers {
 public:
  void make(const ReleaseSettings& settings, const Component::Context& context,
            Directory& directory, ConnectionPools* connection_pools, CallGates* gates) {
    gates_ = gates;
    connection_pools_ = connection_pools;
    Step::Context steps{.simulation = context.simulation,
                        .directory = directory,
                        .request_types = context.request_types,
                        .observer = context.observer,
                        .connection_pools = connection_pools,
                        .gates = gates,
                        .component = context.name,
                        .path = "handler",
                        .seed = context.seed,
                        .replication = context.replication};
    fallback_ = Program(settings.handler, steps);
    by_type_.assign(context.request_types.size(), &fallback_);
    own_.reserve(settings.handlers.size());
    for (const auto& handler : settings.handlers) {
      steps.path = "handlers." + handler.name;
      own_.emplace_back(handler.value, steps);
      if (const auto type = context.request_types.find(handler.name)) {
        by_type_[*type] = &own_.back();
      }
    }
  }

  const Program& of(RequestTypeId type) const {
    return type < by_type_.size() ? *by_type_[type] : fallback_;
  }
  /// The process of that instance died, and what it knew of those whom it calls.
  void forget(std::uint32_t instance) const {
    if (gates_ != nullptr) {
      gates_->forget(instance);
    }
    if (connection_pools_ != nullptr) {
      connection_pools_->forget(instance);
    }
  }
  /// This share of its calls over pools keeps their connections.
  void leak(std::uint32_t instance, double share) const {
    if (connection_pools_ != nullptr) {
      connection_pools_->leak(instance, share);
    }
  }

 private:
  CallGates* gates_ = nullptr;
  ConnectionPools* connection_pools_ = nullptr;
  Program fallback_;
  std::vector<Program> own_;
  std::vector<const Program*> by_type_;
};

/// One version of a service, as its instances share it.
class Release {
 public:
  Release(std::uint16_t number, const ReleaseSettings& settings)
      : number_(number), settings_(settings) {}

  /// `instances` are there from the start.
  void connect(const Component::Context& context, Directory& directory, std::size_t instances) {
    if (!settings_.connection_pools.empty()) {
      connection_pools_.emplace(settings_.connection_pools, context, connection_pool_measures,
                                instances);
    }
    if (!settings_.guards.empty()) {
      gates_.emplace(settings_.guards, context, call_guard_measures);
    }
    handlers_.make(settings_, context, directory, connection_pools_ ? &*connection_pools_ : nullptr,
                   gates_ ? &*gates_ : nullptr);
  }

  std::uint16_t number() const { return number_; }
  const ReleaseSettings& settings() const { return settings_; }
  const Handlers& handlers() const { return handlers_; }

  /// That instance has left for good.
  void retire(std::uint32_t instance) {
    if (connection_pools_) {
      connection_pools_->close(instance);
    }
    if (gates_) {
      gates_->close(instance);
    }
  }

 private:
  std::uint16_t number_;
  const ReleaseSettings& settings_;
  std::optional<ConnectionPools> connection_pools_;
  std::optional<CallGates> gates_;
  Handlers handlers_;
};

// ---- One instance -----------------------------------------------------------------------------

class ServiceInstance final : public Server, private ProgramRunner {
 public:
  ServiceInstance(Release& release, const Component::Context& context, std::uint32_t index,
                  PlaceId place)
      : Server(context,
               {.cpu = release.settings().cpu,
                .workers =
                    release.settings().concurrency ? release.settings().concurrency->workers : 0,
                .boot_time = release.settings().boot_time,
                .version = release.number()},
               index, place),
        release_(release),
        handlers_(release.handlers()) {
    scope().let_withdraw();
    const ReleaseSettings& settings = release.settings();
    if (settings.concurrency) {
      queue_capacity_ = settings.concurrency->queue.capacity.value;
      workers_.emplace(context.simulation, settings.concurrency->workers,
                       settings.concurrency->queue);
      holds_worker_ = settings.concurrency->kind == ConcurrencyKind::threads;
      computes_with_worker_ = !holds_worker_;
    }
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

  /// Asks limiters of its own from now on.
  void limit(AdmissionOfAll& of_all) { admission_ = std::make_unique<Admission>(of_all, index()); }

  /// Receives messages whenever the instance is up.
  void consume(Consumption& shared) {
    const std::uint64_t luck = hash_bytes(name());
    if (shared.is_of_log()) {
      consumers_ = std::make_unique<LogConsumers>(shared, in_process_, *this, scope(), luck);
    } else {
      consumers_ = std::make_unique<QueueConsumers>(shared, in_process_, scope(), place(), luck);
    }
    if (is_up()) {
      consumers_->start();
    }
  }

 private:
  /// Counts how the branches of a parallel step end.
  class Join {
   public:
    Join(Simulation& simulation, std::size_t branches, std::size_t needed)
        : ends_(new End[branches]),
          may_fail_(branches - needed),
          needed_(needed),
          decided_(simulation) {}
    Join(const Join&) = delete;

    void add(std::size_t i, Reply& branch) {
      ends_[i].join = this;
      if (branch.done()) {
        count(branch.answer());
      } else {
        branch.tell(ends_[i]);
      }
    }
    bool is_decided() const { return is_decided_; }
    auto decided() { return decided_.wait(); }
    const Response& response() const { return response_; }

   private:
    struct End final : ReplyListener {
      void answered(const Response& response) override { join->count(response); }
      Join* join = nullptr;
    };

    void count(const Response& branch) {
      if (is_decided_) {
        return;
      }
      if (branch.ok()) {
        response_.learn(branch);
        --needed_;
      } else if (may_fail_ > 0) {
        --may_fail_;
      } else {
        response_.outcome = branch.outcome;
        needed_ = 0;
      }
      if (needed_ == 0) {
        is_decided_ = true;
        decided_.raise();
      }
    }

    std::unique_ptr<End[]> ends_;
    std::size_t may_fail_;
    std::size_t needed_;
    Response response_;
    bool is_decided_ = false;
    Signal decided_;
  };

  /// The branches of a parallel step. When it is withdrawn, so are they.
  class Branches {
   public:
    Branches() = default;
    Branches(const Branches&) = delete;
    ~Branches() {
      for (Reply& branch : running_) {
        branch.withdraw();
      }
    }
    void keep(Reply&& branch) {
      if (!branch.done()) {
        running_.push_back(std::move(branch));
      }
    }
    void let_go() { running_.clear(); }

   private:
    std::vector<Reply> running_;
  };

  // ---- The life of a request here ----

  Reply serve(const Request& asked) override {
    const Request request = asked;
    // The first action is drawn at the door: it is ready when a worker is.
    Execution execution(handlers_.of(request.type), request);
    Response response;
    {
      Stay stay = arrive();
      Admitted admitted;
      const Outcome verdict = admission_ ? admission_->admit(request, admitted) : Outcome::ok;
      if (verdict != Outcome::ok) {
        stay.end(verdict);
      } else if (is_full()) {
        stay.end(Outcome::rejected_queue_full);
      } else {
        Worker worker(*this);
        if (holds_worker_) {
          Slot slot = co_await Queueing(*this, *workers_, &stay, request);
          worker.hold(std::move(slot));
        }
        if (holds_worker_ && !worker) {
          stay.end(end_without_slot(request));
        } else if (request.deadline <= simulation().now()) [[unlikely]] {
          stay.end(Outcome::timeout);  // nobody waits for it any more
        } else {
          stay.start();
          while (!execution.is_over()) {
            if (execution.action().kind == Action::Kind::compute && !computes_with_worker_) {
              const Duration waited = co_await cpu().work(execution.action().duration);
              stay.add_cpu_wait(waited);
              execution.done();
            } else {
              Task<Response> part = perform(&stay, execution.action(), request);
              const Response found = co_await part;
              execution.done(found);
            }
          }
          response = execution.response();
          stay.end(response.ok() && fails(request) ? Outcome::error : response.outcome);
        }
      }
      response.outcome = stay.outcome();
      admitted.end(response.outcome);
    }
    response.version = version();
    response.size = response.ok() ? request.response_size : 0;
    co_return response;
  }

  void connection_leak_changed(double leaking) override { handlers_.leak(index(), leaking); }
  void came_up() override {
    if (consumers_) {
      consumers_->start();
    }
  }
  void went_down(KilledWork how) override {
    handlers_.forget(index());
    if (admission_) {
      state() == InstanceState::gone ? admission_->shut() : admission_->restart();
    }
    if (consumers_) {
      consumers_->died(how);
    }
    if (state() == InstanceState::gone) {
      release_.retire(index());
    }
  }
  void began_to_drain() override {
    if (consumers_) {
      stay_began();
      consumers_->stop([this] { stay_ended(); });
    }
  }

  /// Does what a step asks for. `stay` is null in a branch that may outlive its request.
  Task<Response> perform(Stay* stay, const Action& action, const Request& request) {
    switch (action.kind) {
      case Action::Kind::nothing:
        break;
      case Action::Kind::compute:
        return compute(stay, action.duration, request);
      case Action::Kind::wait:
        return wait(action.duration);
      case Action::Kind::call:
        return call_other(*action.call, request);
      case Action::Kind::process:
        return action.step->run(Errand(scope(), *this, stay, index(), place()), request);
      case Action::Kind::sequence:
        return run(stay, *action.program, action.times, request);
      case Action::Kind::parallel:
        return run_all(*action.branches, action.needed, request);
    }
    fail("a step asks for something unknown");
  }

  Task<Response> compute(Stay* stay, Duration work, Request request) {
    Worker worker(*this);
    if (computes_with_worker_) {
      if (stay != nullptr) {
        stay->wait_for_worker();
      }
      Slot slot = co_await Queueing(*this, *workers_, stay, request);
      worker.hold(std::move(slot));
      if (!worker) {
        const Response response = Response::with(end_without_slot(request));
        co_return response;
      }
      if (stay != nullptr) {
        stay->work();
      }
    }
    const Duration waited = co_await cpu().work(work);
    if (stay != nullptr) {
      stay->add_cpu_wait(waited);
    }
    co_return Response();
  }

  Task<Response> wait(Duration length) {
    co_await simulation().delay(length);
    co_return Response();
  }

  Task<Response> call_other(CallPlan& plan, const Request& request) {
    return plan.callers.of(index()).call(*this, plan.call_for(request, place()));
  }

  Task<Response> run(const Program& program, Request request, Stay* stay) override {
    return run(stay, program, 1, request);
  }
  Task<Response> run(Stay* stay, const Program& program, int times, Request request) {
    constexpr int rounds_between_turns = 64;
    Response response;
    Time since = simulation().now();
    for (int round = 0, idle = 0; round < times && response.ok(); ++round, ++idle) {
      if (simulation().now() != since) {
        since = simulation().now();
        idle = 0;
      } else if (idle == rounds_between_turns) {
        idle = 0;
        co_await Turn(simulation());
      }
      const Request own = times > 1 ? request.as_round(round) : request;
      Execution execution(program, own);
      while (!execution.is_over()) {
        Task<Response> part = perform(stay, execution.action(), own);
        const Response found = co_await part;
        execution.done(found);
      }
      response.learn(execution.response());
      response.outcome = execution.response().outcome;
    }
    co_return response;
  }

  /// Goes on when `needed` branches went well, or when so many failed that they cannot any more.
  /// The branches belong to the instance: those that are left over run to their ends.
  Task<Response> run_all(const std::vector<Program>& branches, std::size_t needed,
                         Request request) {
    Join join(simulation(), branches.size(), needed);
    Branches running;
    for (std::size_t i = 0; i < branches.size(); ++i) {
      Reply branch = run_branch(branches[i], request.as_round(static_cast<int>(i)));
      join.add(i, branch);
      running.keep(std::move(branch));
    }
    if (!join.is_decided()) {
      co_await join.decided();
    }
    running.let_go();
    const Response response = join.response();
    co_return response;
  }

  Reply run_branch(const Program& program, Request request) {
    Task<Response> work = run(nullptr, program, 1, request);
    const Response response = co_await work;
    co_return response;
  }

  // ---- Plain questions ----

  bool is_full() const {
    return workers_ && !workers_->has_free() && workers_->waiting() >= queue_capacity_;
  }

  Release& release_;
  const Handlers& handlers_;
  std::unique_ptr<Admission> admission_;
  std::optional<Slots> workers_;
  std::uint64_t queue_capacity_ = 0;
  bool holds_worker_ = false;          ///< threads: from start to end
  bool computes_with_worker_ = false;  ///< async: while computing
  Knob::Hold own_errors_;
  InProcessClient in_process_{*this};
  std::unique_ptr<Consumers> consumers_;
};

// ---- The component ----------------------------------------------------------------------------

class Service final : public Component, private Releases {
 public:
  Service(const ServiceSettings& settings, const Context& context)
      : settings_(settings), context_(context), split_(1 + settings.versions.size()) {
    add_release(settings_.version, settings_);
    for (const auto& version : settings_.versions) {
      add_release(version.name, version.value);
    }
    if (releases_.size() > 1) {
      fleet_.be_split_by(split_);
    }
    if (!settings_.admission.empty()) {
      admission_.emplace(settings_.admission, context_, "service");
    }
    for (const PlaceId place : places_of(settings.placement, context.network.geography())) {
      fleet_.add(make_instance(releases_.front(), place));
    }
  }

  static Theory theory(const ServiceSettings& settings) {
    Theory theory;
    if (settings.concurrency) {
      theory.workers = settings.concurrency->workers;
      theory.holds_worker = settings.concurrency->kind == ConcurrencyKind::threads;
      theory.room = theory_of(settings.concurrency->queue.capacity);
      theory.discipline = settings.concurrency->queue.discipline;
      if (std::string remark = remark_on(settings.concurrency->queue); !remark.empty()) {
        theory.remarks.push_back(std::move(remark));
      }
    }
    if (!settings.admission.empty()) {
      theory.remarks.emplace_back("what its limiters turn away is left out");
    }
    if (settings.cpu) {
      theory.cores = settings.cpu->cores;
      theory.scheduling = settings.cpu->scheduling;
    }
    for (const auto& handler : settings.handlers) {
      theory.handlers.push_back({.type = handler.name, .flow = flow_of(handler.value)});
    }
    theory.handlers.push_back({.flow = flow_of(settings.handler)});
    if (settings.consume) {
      const ConsumeSettings& from = *settings.consume;
      theory.consumes = {.source = from.queue.empty() ? from.log.name : from.queue.name,
                         .consumers = static_cast<double>(consumers_of(settings))};
    }
    return theory;
  }

  void connect(Directory& directory) override {
    for (Release& release : releases_) {
      release.connect(context_, directory, &release == &releases_.front() ? fleet_.size() : 0);
    }
    if (settings_.consume) {
      consumption_.emplace(*settings_.consume, consumers_of(settings_), context_,
                           ConsumptionMeasures{.suppressed_duplicates = suppressed_duplicates,
                                               .request_timeouts = request_timeouts,
                                               .poll_timeouts = poll_timeouts});
      consumption_->connect(directory);
    }
  }
  void start() override {
    for (std::size_t i = 0; consumption_ && i < fleet_.size(); ++i) {
      static_cast<ServiceInstance&>(fleet_[i]).consume(*consumption_);
    }
  }

  Fleet& fleet() override { return fleet_; }
  Releases* releases() override { return this; }

 private:
  void add_release(const std::string& name, const ReleaseSettings& settings) {
    version_names_.push_back(name);
    releases_.emplace_back(static_cast<std::uint16_t>(releases_.size()), settings);
    for (const auto& handler : settings.handlers) {
      context_.request_types.add(handler.name);
    }
  }

  std::unique_ptr<ServiceInstance> make_instance(Release& release, PlaceId place) {
    auto instance = std::make_unique<ServiceInstance>(
        release, context_, static_cast<std::uint32_t>(fleet_.size()), place);
    if (admission_) {
      instance->limit(*admission_);
    }
    return instance;
  }

  // ---- Releases ----

  const std::vector<std::string>& versions() const override { return version_names_; }
  TrafficSplit& split() override { return split_; }

  Instance& launch(std::uint16_t version, PlaceId place) override {
    std::unique_ptr<ServiceInstance> made = make_instance(releases_[version], place);
    Knob::Hold off = made->hold_down(KilledWork::answers_broken);
    if (consumption_) {
      made->consume(*consumption_);
    }
    Instance& launched = fleet_.add(std::move(made));
    off.release();  // it boots, and callers hear of it when it is ready
    return launched;
  }

  void drain(Instance& instance) override {
    instance.drain(settings_.pre_stop, settings_.termination_grace_period);
  }

  ServiceSettings settings_;
  Context context_;
  std::vector<std::string> version_names_;
  std::deque<Release> releases_;  ///< by number
  TrafficSplit split_;
  std::optional<AdmissionOfAll> admission_;
  std::optional<Consumption> consumption_;
  Fleet fleet_;
};

const Register<Component, Service, ServiceSettings> registered{
    "service", "replicas with workers, cores and a bounded queue that run a handler per request"};

}  // namespace
}  // namespace stampede
