#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stampede/base/require.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/call_gate.hpp"
#include "stampede/model/calling.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/connection_pool.hpp"
#include "stampede/model/stay.hpp"
#include "stampede/model/theory.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

class Program;
class Step;

/// Carries out the steps of programs.
class ProgramRunner {
 public:
  /// Until a step fails. What it waits for and works counts for `stay`, which is null where the
  /// steps may outlive the request.
  virtual Task<Response> run(const Program& program, Request request, Stay* stay) = 0;

 protected:
  ~ProgramRunner() = default;
};

/// Where a step is carried out. What it starts dies with the instance.
class Errand {
 public:
  Errand(Scope& scope, ProgramRunner& runner, Stay* stay, std::uint32_t instance, PlaceId place)
      : scope_(scope), runner_(runner), stay_(stay), instance_(instance), place_(place) {}

  Scope& scope() { return scope_; }
  std::uint32_t instance() const { return instance_; }
  PlaceId place() const { return place_; }
  /// Steps within the step, which waits for them.
  Task<Response> run(const Program& program, const Request& request) {
    return runner_.run(program, request, stay_);
  }

 private:
  Scope& scope_;
  ProgramRunner& runner_;
  Stay* stay_;
  std::uint32_t instance_;
  PlaceId place_;
};

/// What a step is given of the world; all of it outlives the step.
struct StepContext {
  Simulation& simulation;
  Directory& directory;
  RequestTypes& request_types;
  ComponentObserver& observer;        ///< of the component
  ConnectionPools* connection_pools;  ///< of the component; null if it has none
  CallGates* gates;                   ///< of the component; null if it guards no calls
  /// The random stream of a purpose of this step.
  Stream stream(std::string_view purpose) const {
    return Stream(seed, replication, component, path + "." + std::string(purpose));
  }
  /// A number that tells this step from all others of the component.
  std::uint64_t branch() const { return hash_bytes(path); }

  std::string component;
  std::string path;  ///< "handlers.checkout.2"
  std::uint64_t seed;
  std::uint64_t replication;
};

/// The callers of one call step: each instance of the service has its own, with whatever it keeps
/// in mind of its calls. Made when the instance first calls.
class Callers {
 public:
  Callers(const StepContext& context, const ComponentName& target, const CallSettings& settings,
          std::string_view back_off = "back-off")
      : simulation_(context.simulation),
        directory_(context.directory),
        connection_pools_(context.connection_pools),
        gates_(context.gates),
        target_(target),
        settings_(settings),
        back_off_(context.stream(back_off)) {}
  Callers(const StepContext& context, const CallTarget& target,
          std::string_view back_off = "back-off")
      : Callers(context, target.target, target.call, back_off) {}

  Caller& of(std::uint32_t instance) {
    if (instance >= callers_.size()) {
      callers_.resize(instance + std::size_t{1});
    }
    std::unique_ptr<Caller>& caller = callers_[instance];
    if (!caller) {
      ConnectionPool* connections =
          connection_pools_ == nullptr ? nullptr : connection_pools_->of(target_, instance);
      CallGate* gate = gates_ == nullptr ? nullptr : gates_->of(target_, instance);
      caller = std::make_unique<Caller>(simulation_, directory_.client(target_, instance),
                                        settings_, back_off_, nullptr, connections, gate);
    }
    return *caller;
  }

 private:
  Simulation& simulation_;
  Directory& directory_;
  ConnectionPools* connection_pools_;
  CallGates* gates_;
  ComponentName target_;
  CallSettings settings_;
  Stream back_off_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

/// A call that a handler makes.
struct CallPlan {
  Callers callers;
  std::uint64_t branch;               ///< tells this call's luck from that of others
  std::optional<RequestTypeId> type;  ///< the caller's unless given
  Distribution<Bytes> request_size;
  Distribution<Bytes> response_size;
  Stream sizes;
  bool failure_is_ours;               ///< its failure is an error of the handler
  const Program* fallback = nullptr;  ///< what is done when it fails; null: nothing

  /// The call that is made from `place` on behalf of `request`.
  Request call_for(const Request& request, PlaceId place) const;
};

inline std::uint32_t payload_size(const Distribution<Bytes>& law, Draw& draw) {
  return law.is_zero() ? 0
                       : static_cast<std::uint32_t>(
                             std::min<std::uint64_t>(law.sample(draw).count, UINT32_MAX));
}

inline Request CallPlan::call_for(const Request& request, PlaceId place) const {
  Request call = request.as_branch(branch);
  call.from = place;
  call.type = type.value_or(request.type);
  call.operation = Operation::read;
  Draw draw = sizes.at(call.luck);
  call.size = payload_size(request_size, draw);
  call.response_size = payload_size(response_size, draw);
  return call;
}

/// What a service has to do next for a request.
struct Action {
  enum class Kind {
    nothing,   ///< the program is over
    compute,   ///< `duration` of work on a core
    wait,      ///< `duration` without a core
    call,      ///< `call`, and its fallback if that fails
    process,   ///< whatever `step` does in its `run`
    sequence,  ///< `program`, `times` times
    parallel,  ///< `branches` at once, until `needed` of them went well
  };
  Kind kind = Kind::nothing;
  int times = 1;
  Duration duration{};
  CallPlan* call = nullptr;
  Step* step = nullptr;
  const Program* program = nullptr;
  const std::vector<Program>* branches = nullptr;
  std::size_t needed = 0;
};

/// One step of a handler, shared by all instances of the service. A plain function of the request:
/// time passes only in what it asks for.
class Step {
 public:
  static constexpr const char* registry = "step";

  using Context = StepContext;
  using Theory = Flow;

  virtual ~Step() = default;
  virtual Action act(const Request& request) = 0;
  /// What a step does whose action is a process; `request` is the one that is being handled.
  virtual Task<Response> run(Errand errand, Request request);
};

inline Task<Response> Step::run(Errand, Request) {
  fail("a step asks to be run and says nothing of how");
}

using StepSettings = std::vector<Choice<Step>>;

/// What theory knows of steps one after the other.
Flow flow_of(const StepSettings& steps);

/// The steps of a handler, or of a part of one.
class Program {
 public:
  Program() = default;
  Program(const StepSettings& settings, const Step::Context& context) {
    for (std::size_t i = 0; i < settings.size(); ++i) {
      Step::Context inside = context;
      inside.path += "." + std::to_string(i);
      steps_.push_back(settings[i].make(inside));
    }
  }

  bool is_empty() const { return steps_.empty(); }
  std::size_t step_count() const { return steps_.size(); }
  /// What the i-th step asks for; beyond the last one, nothing.
  Action action(std::size_t i, const Request& request) const {
    return i < steps_.size() ? steps_[i]->act(request) : Action();
  }

 private:
  std::vector<std::unique_ptr<Step>> steps_;
};

/// How far the work for a request has come: the action to carry out now, and what those before it
/// have found. All of what it refers to outlives it.
class Execution {
 public:
  Execution(const Program& program, const Request& request)
      : program_(program), request_(request), action_(program.action(0, request)) {}

  /// Nothing is left to do, or a step has failed.
  bool is_over() const { return action_.kind == Action::Kind::nothing; }
  const Action& action() const { return action_; }
  const Response& response() const { return response_; }

  /// The action was computing or waiting, which cannot fail.
  void done() {
    if (++step_ < program_.step_count()) {
      action_ = program_.action(step_, request_);
    } else {
      action_.kind = Action::Kind::nothing;
    }
  }

  /// The action came to this end. Where that is the failure of a call, it is the handler's own
  /// unless the step says otherwise, or a fallback is the next action. A user who has left needs
  /// no other answer.
  void done(const Response& found) {
    const CallPlan* call = action_.kind == Action::Kind::call ? action_.call : nullptr;
    if (call != nullptr && !found.ok()) [[unlikely]] {
      if (call->fallback != nullptr && found.outcome != Outcome::abandoned) {
        action_ = {.kind = Action::Kind::sequence, .program = call->fallback};
        is_falling_back_ = true;
        return;
      }
      response_.outcome =
          call->failure_is_ours ? outcome_of_failed_call(found.outcome) : Outcome::ok;
    } else {
      response_.outcome = found.outcome;
    }
    response_.learn(found);
    if (is_falling_back_) [[unlikely]] {
      response_.degraded = true;
      is_falling_back_ = false;
    }
    if (response_.ok()) {
      done();
    } else {
      action_.kind = Action::Kind::nothing;
    }
  }

 private:
  const Program& program_;
  const Request& request_;
  std::size_t step_ = 0;
  bool is_falling_back_ = false;
  Action action_;
  Response response_;
};

}  // namespace stampede
