#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "stampede/base/pool.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/measures.hpp"
#include "stampede/random/stream.hpp"

namespace stampede {

// Admission at the door: whether an instance takes a request at all, before it waits in line.

/// What all limiters of a component measure together, besides what each kind does. The component's
/// kind is one of those that have a field `admission`.
struct AdmissionMeasures {
  static const AdmissionMeasures& of(std::string_view component_kind);

  const Measure& requests;  ///< a count: those at the door
  const Measure& limit;     ///< a level
};

/// What limiters of one kind measure; declared in the limiter's file:
///     const LimiterMeasures measures{"token_bucket"};
class LimiterMeasures {
 public:
  explicit LimiterMeasures(std::string_view limiter_kind);
  ~LimiterMeasures();
  LimiterMeasures(const LimiterMeasures&) = delete;

  static const Measure& rejections(std::string_view limiter_kind, std::string_view component_kind);

 private:
  struct Pair;
  std::vector<std::unique_ptr<Pair>> by_component_kind_;
};

/// Decides at the door of an instance whether a request is taken in: one object for each instance,
/// anew whenever that starts again. A plain function: no time passes in a decision.
class RequestLimiter {
 public:
  static constexpr const char* registry = "request limiter";
  struct Context {
    Draw random;             ///< this limiter's own sequence
    Time now;                ///< when it is made
    const Tenants* tenants;  ///< null: all users belong to none
    /// What the limiters at the same place of the list have in common in all instances of the
    /// component: made by the first of them, null before.
    std::shared_ptr<void>& shared;
    ComponentObserver& observer;
    const AdmissionMeasures& measures;
  };

  virtual ~RequestLimiter() = default;

  /// `ok`, or the rejection that the request gets.
  virtual Outcome admit(const Request& request, Time now) = 0;
  /// Whether it is told how the requests that it admitted end.
  virtual bool follows() const { return false; }
  /// The instance went down: the limiter is about to be destroyed, and another one made.
  virtual void stopped(Time now) { static_cast<void>(now); }
  /// One that it had admitted ended here; `latency` is from the door to that end. If a limiter
  /// behind this one turned it away, it ended at once with that rejection.
  virtual void ended(const Request& request, Outcome outcome, Duration latency, Time now) {
    static_cast<void>(request), static_cast<void>(outcome), static_cast<void>(latency),
        static_cast<void>(now);
  }
};

/// The limiters of a component's instances, the outermost first.
using AdmissionSettings = std::vector<Choice<RequestLimiter>>;
/// Adds the field `admission` to those of whatever settings hold it.
void describe_admission(Visitor& v, AdmissionSettings& s);

// What a limiter may declare of itself (Visitor::declare).

/// It counts the requests of each user apart.
struct CountsUsers {};
/// It counts the requests of each tenant apart.
struct CountsTenants {};

class Admission;

/// A request's way from the door to its end, as far as limiters follow it.
class Admitted {
 public:
  Admitted() = default;
  Admitted(const Admitted&) = delete;
  Admitted& operator=(const Admitted&) = delete;
  ~Admitted() { end(Outcome::reset); }  // unless it came to another end

  void end(Outcome outcome) {
    if (pass_ != nullptr) [[unlikely]] {
      end_pass(outcome);
    }
  }

 private:
  friend class Admission;
  struct Pass;
  void end_pass(Outcome outcome);

  Pass* pass_ = nullptr;
};

/// What is kept of it; from a pool.
struct Admitted::Pass {
  explicit Pass(Admission& door) : at(door) {}

  Admission& at;
  Pass* next_idle = nullptr;
  bool is_open = false;
  Time since;
  Request request;
};

/// What the limiters of all instances of a component have in common.
class AdmissionOfAll {
 public:
  AdmissionOfAll(const AdmissionSettings& settings, const Component::Context& context,
                 std::string_view component_kind);

 private:
  friend class Admission;

  const AdmissionSettings& settings_;
  Component::Context context_;
  const AdmissionMeasures& measures_;
  Tally& requests_;
  std::vector<Tally*> rejections_;             ///< by place in the list
  std::vector<std::shared_ptr<void>> shared_;  ///< likewise
  Stream random_;
};

/// The limiters at the door of one instance.
class Admission {
 public:
  Admission(AdmissionOfAll& of_all, std::uint32_t instance);
  Admission(const Admission&) = delete;
  ~Admission();

  /// Asks one limiter after the other: `ok`, or what the first says who refuses. `admitted` tells
  /// them of the request's end.
  Outcome admit(const Request& request, Admitted& admitted);

  /// The instance went down, and all that it knew with it: what is inside ends for the limiters,
  /// and they begin anew.
  void restart();
  /// It has left for good.
  void shut();

 private:
  friend class Admitted;

  /// One of the list.
  struct Entry {
    std::unique_ptr<RequestLimiter> limiter;
    Tally* rejections;
    bool follows;
  };

  void make_limiters();
  void end_all();
  void end(Admitted::Pass& pass, Outcome outcome);
  void tell(std::size_t limiters, const Request& request, Outcome outcome, Duration latency,
            Time now);

  Simulation& simulation_;
  Tally& requests_;
  bool follows_ = false;  ///< one of them does
  std::vector<Entry> limiters_;
  Pool<Admitted::Pass> passes_;
  AdmissionOfAll& all_;
  std::uint32_t instance_;
  std::uint64_t lives_ = 0;
};

}  // namespace stampede
