#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "stampede/model/request.hpp"
#include "stampede/model/theory.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// A backend of a balancer: a dense number that is never given to another instance.
using BackendSlot = std::uint32_t;

/// What a balancer knows of one backend.
struct Backend {
  std::uint64_t name_hash = 0;  ///< of the instance's name: the same in every balancer and run
  double weight = 1;            ///< after slow start; more than 0
  std::uint32_t in_flight = 0;  ///< sent by this balancer and not yet ended, as far as it knows
  PlaceId place = 0;
};

/// What a balancer can choose from at this moment. A balancer knows what a balancer can know: its
/// own requests, its own observations, what health checks told it.
class BackendView {
 public:
  BackendView(std::span<const Backend> backends, std::span<const BackendSlot> eligible,
              bool equal_weights)
      : backends_(backends), eligible_(eligible), equal_weights_(equal_weights) {}

  /// The slots to choose among, ascending; never empty.
  std::span<const BackendSlot> eligible() const { return eligible_; }
  const Backend& operator[](BackendSlot slot) const { return backends_[slot]; }
  bool has_equal_weights() const { return equal_weights_; }

 private:
  std::span<const Backend> backends_;
  std::span<const BackendSlot> eligible_;
  bool equal_weights_;
};

/// Picks a backend for each request: one object per balancer instance. A plain function: no time
/// passes in a choice.
///
/// `eligible_changed` comes before the first `choose` and whenever the eligible slots or weights
/// changed; between two of them a policy may keep what it derived from the view (a ring, a table).
class LoadBalancingPolicy {
 public:
  static constexpr const char* registry = "load balancing policy";
  struct Context {
    Draw random;         ///< this policy's own sequence
    std::uint64_t seed;  ///< the same for all balancers of the component: rings agree between them
  };
  using Theory = Split;

  virtual ~LoadBalancingPolicy() = default;

  /// `now` is the balancer's clock; the answer is one of view.eligible().
  virtual BackendSlot choose(const BackendView& view, const Request& request, Time now) = 0;

  virtual void eligible_changed(const BackendView& view) { static_cast<void>(view); }
  /// A request was sent to `slot`; its in_flight already counts it.
  virtual void started(BackendSlot slot, const BackendView& view) {
    static_cast<void>(slot), static_cast<void>(view);
  }
  /// A request came back; in_flight counts it no more. `latency` is as the balancer saw it.
  virtual void ended(BackendSlot slot, const BackendView& view, Outcome outcome, Duration latency,
                     Time now) {
    static_cast<void>(slot), static_cast<void>(view), static_cast<void>(outcome),
        static_cast<void>(latency), static_cast<void>(now);
  }
};

/// What a balancer may declare of itself (Visitor::declare): it gives the instances of that
/// component one request after the other in turn, and prefers none of them.
struct TakesTurns {
  std::string backends;
};
/// It ejects instances of that component, but one more only while no more than that share of all
/// is ejected then, unless it may always eject one.
struct EjectsBackends {
  std::string backends;
  Ratio max_ejection_percent;
  bool always_one = false;
};

}  // namespace stampede
