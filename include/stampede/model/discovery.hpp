#pragma once

#include <cstdint>
#include <vector>

#include "stampede/kernel/job.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

struct DiscoverySettings {
  Duration delay;
};
void describe(Visitor& v, DiscoverySettings& s);

/// One observer's delayed view of a fleet, as a service registry or the endpoints of an
/// orchestrator give it: which instances are members. An instance enrols when it is ready for the
/// first time, and is withdrawn when it begins to drain or is gone; the observer learns of both
/// `delay` later.
///
/// A crash is no news: nobody announces a death, nor that what is still a member came back. That is
/// for health checks to find out.
class Discovery final : private FleetListener {
 public:
  class Observer {
   public:
    virtual void appeared(Instance& instance) = 0;
    virtual void vanished(Instance& instance) = 0;

   protected:
    ~Observer() = default;
  };

  /// The instances that the fleet has at this moment are members, ready or not, and known at once:
  /// the observer is told of them before the constructor returns.
  Discovery(Simulation& simulation, Fleet& fleet, Duration delay, Observer& observer);

  Scope& scope() { return news_; }

 private:
  /// Whether the registry has an instance in its list.
  enum class Membership : std::uint8_t { not_yet, member, withdrawn };

  void added(Instance& instance) override;
  void state_changed(Instance& instance) override;

  void enrol(Instance& instance);
  void withdraw(Instance& instance);
  Process report(Instance& instance, bool appeared);
  void tell(Instance& instance, bool appeared);

  Fleet& fleet_;
  Duration delay_;
  Observer& observer_;
  std::vector<Membership> memberships_;  ///< by index of the instance, as the registry has it
  Scope news_;                           ///< on its way
};

}  // namespace stampede
