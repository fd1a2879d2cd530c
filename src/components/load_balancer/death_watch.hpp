#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "stampede/model/fleet.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/observer.hpp"

namespace stampede {

/// Knows which backends are truly down, and holds against it what balancers take for the truth. No
/// balancer ever asks it.
///
/// A suspicion is mistaken if its backend is up at that moment, be it paused, or out of reach.
class DeathWatch final : private FleetListener {
 public:
  struct Told {
    Tally& suspicions;
    Tally& mistaken;
    Timing& detection;
  };

  DeathWatch(Simulation& simulation, const Told& told) : simulation_(simulation), told_(told) {}

  void follow(Fleet& backends) { backends.listen(*this); }

  /// A balancer suspects this backend from now on.
  void suspected(const Instance& backend) {
    told_.suspicions.add();
    if (backend.is_up()) {
      told_.mistaken.add();
    } else if (const std::optional<Time> died = died_at(backend.index())) {
      told_.detection.took(simulation_.now() - *died);
    }
  }

 private:
  void added(Instance&) override {}
  void state_changed(Instance& backend) override {
    if (backend.state() == InstanceState::down) {
      died_.resize(std::max<std::size_t>(died_.size(), backend.index() + std::size_t{1}));
      died_[backend.index()] = simulation_.now();
    }
  }

  std::optional<Time> died_at(BackendSlot slot) const {
    return slot < died_.size() ? died_[slot] : std::nullopt;
  }

  Simulation& simulation_;
  Told told_;
  std::vector<std::optional<Time>> died_;  ///< by slot: when it last did
};

}  // namespace stampede
