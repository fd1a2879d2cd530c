#include "stampede/model/call_gate.hpp"

#include <algorithm>
#include <utility>

namespace stampede {

void describe(Visitor& v, GuardedTargetSettings& s) {
  v.field("target", s.target, "the component whose calls they guard", required());
  v.field("use", s.use, "the guards, the outermost first: every try of a call passes all of them",
          required(), not_empty());
  v.declare(GuardsCalls{s.target.name, s.target.place});
}

void describe_guards(Visitor& v, std::vector<GuardedTargetSettings>& guards) {
  v.field("guards", guards,
          "what stands between each instance and a target that it calls, all its steps together: "
          "circuit breakers, bulkheads, limits, budgets of retries");
  const bool has_two = std::any_of(guards.begin(), guards.end(), [&](const auto& one) {
    return std::count_if(guards.begin(), guards.end(),
                         [&](const auto& other) { return other.target == one.target; }) > 1;
  });
  v.check(!has_two, "guards", "has two entries for one target", "put all of them into one `use`");
}

CallGuardMeasures::CallGuardMeasures(std::string_view kind)
    : rejected_calls{kind, Measure::count, "rejected_calls",
                     "tries of calls that a guard of the caller turned away"},
      refused_retries{kind, Measure::count, "refused_retries",
                      "failed calls that a guard did not let the caller try again"},
      guarded{kind, Measure::level, "guarded_targets",
              "targets with guards in front of them, counted for each instance that has called"},
      openings{kind, Measure::count, "breaker_openings", "times that a circuit breaker opened"},
      open{kind, Measure::level, "breakers_open", "circuit breakers that let nothing through"},
      open_ratio{kind, "breaker_open_ratio",
                 "circuit breakers that let nothing through per guarded target", open, guarded},
      breakers{"circuit_breaker", open} {}

CallGate::Told::Told(const CallGuardMeasures& measures, ComponentObserver& observer)
    : rejected_calls(observer.tally(measures.rejected_calls)),
      refused_retries(observer.tally(measures.refused_retries)),
      gates(observer.gauge(measures.guarded)),
      guards{observer.tally(measures.openings), observer.gauge(measures.open)} {}

CallGate::Told::Told(Tally& nobody, Gauge& nothing)
    : rejected_calls(nobody),
      refused_retries(nobody),
      gates(nothing),
      guards{.openings = nobody, .open = nothing} {}

CallGate::CallGate(const GuardList& guards, Simulation& simulation, const Told& told,
                   const Stream& random)
    : simulation_(simulation), told_(told) {
  for (const Choice<CallGuard>& choice : guards) {
    Post& post = posts_.emplace_back();
    post.guard = choice.make({.random = random, .told = told_.guards});
    post.room = post.guard->room();
    if (post.room) {
      post.slots = std::make_unique<Slots>(simulation, post.room->places);
      has_lines_ = has_lines_ || post.room->max_wait != Duration();
    }
  }
  told_.gates.change(simulation.now(), 1);
}

// ---- The way through --------------------------------------------------------------------------

namespace {

/// Whether a room that has no place left has none in its line either.
bool is_full(const Room& room, const Slots& slots) {
  return !slots.has_free() && (room.max_wait == Duration() ||
                               static_cast<std::int64_t>(slots.waiting()) >= room.max_waiting);
}

/// Counts an attempt as one that waits while it lives.
class InLine {
 public:
  explicit InLine(CallLoad& load) : load_(load) { ++load_.waiting; }
  InLine(const InLine&) = delete;
  ~InLine() { --load_.waiting; }

 private:
  CallLoad& load_;
};

}  // namespace

std::optional<Outcome> CallGate::admit(Pass& pass) {
  pass.began_ = simulation_.now();
  for (Post& post : posts_) {
    std::optional<Outcome> refused = post.guard->admit(pass.attempt_, load_, pass.began_);
    if (!refused && post.slots != nullptr) {
      if (post.slots->has_free()) {
        post.held.push_back(post.slots->take_free());
      } else {
        refused = Outcome::rejected_limit;
      }
    }
    if (refused) {
      turned_away(pass, *refused);
      return refused;
    }
    ++pass.passed_;
  }
  entered(pass);
  return std::nullopt;
}

bool CallGate::must_wait() const {
  return has_lines_ && std::any_of(posts_.begin(), posts_.end(), [](const Post& post) {
           return post.slots != nullptr && !post.slots->has_free();
         });
}

Task<Response> CallGate::enter(Scope& scope, CallGate& gate, Pass& pass, Time give_up) {
  if (gate.must_wait()) {
    return wait(scope, gate, pass, give_up);
  }
  const std::optional<Outcome> refused = gate.admit(pass);
  return Reply(Response::with(refused.value_or(Outcome::ok)));
}

Task<Response> CallGate::wait(Scope&, CallGate& gate, Pass& pass, Time give_up) {
  Simulation& simulation = gate.simulation_;
  pass.began_ = simulation.now();
  for (std::size_t i = 0; i < gate.posts_.size(); ++i) {
    const Time now = simulation.now();
    std::optional<Outcome> refused = gate.posts_[i].guard->admit(pass.attempt_, gate.load_, now);
    if (!refused && gate.posts_[i].slots != nullptr) {
      Slots& slots = *gate.posts_[i].slots;
      const Room room = *gate.posts_[i].room;
      if (is_full(room, slots)) {
        refused = Outcome::rejected_limit;
      } else {
        const Time limit = room.max_wait ? now + *room.max_wait : Time::never();
        const Time until = std::min({limit, pass.attempt_.patience, give_up});
        Slot slot;
        {
          const InLine in_line(gate.load_);
          slot = co_await slots.acquire(pass.attempt_.priority, until);
        }
        if (slot) {
          gate.posts_[i].held.push_back(std::move(slot));
        } else {
          refused = until == limit     ? Outcome::rejected_limit
                    : until == give_up ? Outcome::timeout
                                       : Outcome::abandoned;
        }
      }
    }
    if (refused) {
      gate.turned_away(pass, *refused);
      const Response response = Response::with(*refused);
      co_return response;
    }
    ++pass.passed_;
  }
  gate.entered(pass);
  co_return Response();
}

void CallGate::entered(Pass& pass) {
  pass.is_in_flight_ = true;
  ++load_.in_flight;
}

void CallGate::turned_away(Pass& pass, Outcome outcome) {
  told_.rejected_calls.add(is_rejection(outcome) ? 1 : 0);
  if (pass.passed_ > 0) {
    end(pass, outcome);
  }
}

void CallGate::end(Pass& pass, Outcome outcome) {
  const Time now = simulation_.now();
  load_.in_flight -= std::exchange(pass.is_in_flight_, false) ? 1 : 0;
  while (pass.passed_ > 0) {
    Post& post = posts_[--pass.passed_];
    post.guard->ended(outcome, now - pass.began_, now);
    if (post.slots != nullptr) {
      post.held.pop_back();
    }
  }
}

bool CallGate::may_retry() {
  for (Post& post : posts_) {
    if (!post.guard->may_retry(load_)) {
      told_.refused_retries.add();
      return false;
    }
  }
  return true;
}

void CallGate::forget() {
  for (Post& post : posts_) {
    post.guard->forget(simulation_.now());
  }
}

// ---- Of a component ---------------------------------------------------------------------------

CallGates::CallGates(const std::vector<GuardedTargetSettings>& settings,
                     const Component::Context& context, const CallGuardMeasures& measures)
    : settings_(settings),
      context_(context),
      told_(measures, context.observer),
      gates_(settings.size()) {}

CallGate* CallGates::of(const ComponentName& target, std::uint32_t instance) {
  const auto found = std::find_if(
      settings_.begin(), settings_.end(),
      [&](const GuardedTargetSettings& settings) { return settings.target == target; });
  if (found == settings_.end()) {
    return nullptr;
  }
  auto& gates = gates_[static_cast<std::size_t>(found - settings_.begin())];
  gates.resize(std::max(gates.size(), instance + std::size_t{1}));
  if (!gates[instance]) {
    gates[instance] = std::make_unique<CallGate>(
        found->use, context_.simulation, told_,
        context_.stream("guards of " + target.name + " at " + std::to_string(instance)));
  }
  return gates[instance].get();
}

void CallGates::close(std::uint32_t instance) {
  for (auto& gates : gates_) {
    if (instance < gates.size() && gates[instance]) {
      gates[instance]->close();
    }
  }
}

void CallGates::forget(std::uint32_t instance) {
  for (auto& gates : gates_) {
    if (instance < gates.size() && gates[instance]) {
      gates[instance]->forget();
    }
  }
}

}  // namespace stampede
