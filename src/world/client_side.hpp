#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "stampede/model/discovery.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/traffic_split.hpp"

namespace stampede {

/// Client-side round robin over a fleet that stays as it is: each call goes to the next instance,
/// whatever became of it.
class RoundRobinClient final : public Endpoint {
 public:
  RoundRobinClient(Fleet& fleet, std::uint32_t first) : fleet_(fleet), next_(first) {}

  Reply call(const Request& request) override {
    Instance& instance = fleet_[next_ % fleet_.size()];
    ++next_;
    return instance.call(request);
  }

 private:
  Fleet& fleet_;
  std::uint64_t next_;
};

/// The members of a fleet that rollouts change, as its callers without a balancer know them: who
/// has become ready, until it is told to leave. A crash is no news. One for all callers.
class Members final : private Discovery::Observer {
 public:
  Members(Simulation& simulation, Fleet& fleet)
      : fleet_(fleet),
        by_version_(fleet.split() != nullptr ? fleet.split()->version_count() : 0),
        discovery_(simulation, fleet, Duration(), *this) {}

  Fleet& fleet() { return fleet_; }
  /// Indices in the fleet of those that a request may go to, ascending.
  const std::vector<std::uint32_t>& for_request(const Request& request) const {
    const TrafficSplit* split = fleet_.split();
    return split != nullptr && split->is_on() ? by_version_[split->version_for(request)] : all_;
  }

 private:
  void appeared(Instance& instance) override {
    add(all_, instance.index());
    if (!by_version_.empty()) {
      add(by_version_[instance.version()], instance.index());
    }
  }
  void vanished(Instance& instance) override {
    std::erase(all_, instance.index());
    if (!by_version_.empty()) {
      std::erase(by_version_[instance.version()], instance.index());
    }
  }
  static void add(std::vector<std::uint32_t>& to, std::uint32_t index) {
    to.insert(std::lower_bound(to.begin(), to.end(), index), index);
  }

  Fleet& fleet_;
  std::vector<std::uint32_t> all_;
  std::vector<std::vector<std::uint32_t>> by_version_;
  Discovery discovery_;  ///< comes last: it tells of the first members at once
};

/// Client-side round robin over such a fleet.
class MembersClient final : public Endpoint {
 public:
  MembersClient(Members& members, std::uint32_t first) : members_(members), next_(first) {}

  Reply call(const Request& request) override {
    const std::vector<std::uint32_t>& candidates = members_.for_request(request);
    if (candidates.empty()) {
      return Response::with(Outcome::unreachable);
    }
    Instance& instance = members_.fleet()[candidates[next_ % candidates.size()]];
    ++next_;
    return instance.call(request);
  }

 private:
  Members& members_;
  std::uint64_t next_;
};

}  // namespace stampede
