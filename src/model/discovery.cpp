#include "stampede/model/discovery.hpp"

namespace stampede {

void describe(Visitor& v, DiscoverySettings& s) {
  v.shorthand("delay");
  v.field("delay", s.delay, "how late callers learn of instances that were added or withdrawn",
          at_least(Duration()));
}

Discovery::Discovery(Simulation& simulation, Fleet& fleet, Duration delay, Observer& observer)
    : fleet_(fleet), delay_(delay), observer_(observer), news_(simulation) {
  memberships_.resize(fleet.size(), Membership::not_yet);
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    if (fleet[i].is_leaving()) {
      memberships_[i] = Membership::withdrawn;
    } else {
      memberships_[i] = Membership::member;
      observer.appeared(fleet[i]);
    }
  }
  fleet.listen(*this);
}

void Discovery::added(Instance& instance) {
  memberships_.resize(fleet_.size(), Membership::not_yet);
  state_changed(instance);
}

void Discovery::state_changed(Instance& instance) {
  if (instance.state() == InstanceState::ready) {
    enrol(instance);
  } else if (instance.is_leaving()) {
    withdraw(instance);
  }
}

void Discovery::enrol(Instance& instance) {
  Membership& membership = memberships_[instance.index()];
  if (membership == Membership::not_yet) {
    membership = Membership::member;
    static_cast<void>(report(instance, /*appeared=*/true));
  }
}

void Discovery::withdraw(Instance& instance) {
  Membership& membership = memberships_[instance.index()];
  const bool was_member = membership == Membership::member;
  membership = Membership::withdrawn;
  if (was_member) {
    static_cast<void>(report(instance, /*appeared=*/false));
  }
}

/// All news takes equally long, so it arrives in the order in which it happened.
Process Discovery::report(Instance& instance, bool appeared) {
  co_await news_.simulation().delay(delay_);
  tell(instance, appeared);
  co_return Done();
}

void Discovery::tell(Instance& instance, bool appeared) {
  if (appeared) {
    observer_.appeared(instance);
  } else {
    observer_.vanished(instance);
  }
}

}  // namespace stampede
