#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "stampede/kernel/signal.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// The fetches that are under way in one place, by key, for those who would rather wait for one
/// than fetch the same again (request collapsing, "single flight").
class Flights {
 public:
  struct Flight {
    explicit Flight(Simulation& simulation) : over(simulation) {}
    Signal over;
    bool is_over = false;
    std::optional<Response> answer;  ///< none if whoever fetched died on the way
  };

  /// The latest fetch of this key; null if nobody fetches it.
  std::shared_ptr<Flight> find(std::uint64_t key) const {
    const auto found = flights_.find(key);
    return found == flights_.end() ? nullptr : found->second;
  }

 private:
  friend class Fetching;
  tsl::robin_map<std::uint64_t, std::shared_ptr<Flight>> flights_;
};

/// Somebody fetches: a flight that ends with its answer, or without one when this dies. Whoever
/// comes from now on waits for this one, not for an older one that takes too long.
class Fetching {
 public:
  Fetching(Simulation& simulation, Flights& flights, std::uint64_t key)
      : flights_(flights), key_(key), flight_(std::make_shared<Flights::Flight>(simulation)) {
    flights_.flights_[key_] = flight_;
  }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;
  ~Fetching() { end(); }

  void answered(const Response& response) {
    flight_->answer = response;
    end();
  }

 private:
  void end() {
    if (flight_->is_over) {
      return;
    }
    flight_->is_over = true;
    const auto latest = flights_.flights_.find(key_);
    if (latest != flights_.flights_.end() && latest->second == flight_) {
      flights_.flights_.erase(latest);
    }
    flight_->over.raise();
  }

  Flights& flights_;
  std::uint64_t key_;
  std::shared_ptr<Flights::Flight> flight_;
};

}  // namespace stampede
