#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// What queueing theory says of a scenario in its steady state, without faults, timeouts and
/// retries. Times in seconds, rates per second; infinite: without bound.
///
/// Traffic equations give the rates of all calls (Jackson, Operations Research 5, 1957), with hit
/// ratios by Che's approximation. Open stations wait as G/G/c (Allen-Cunneen), M/M/c/K, Erlang A,
/// priorities or processor sharing (stats/queueing.hpp); a handler's time is that of its steps, and
/// who holds a worker holds it for the calls inside too, found by iteration (the method of layers:
/// Rolia, Sevcik, IEEE TSE 21, 1995). Closed populations go through mean value analysis.
struct Prediction {
  struct ComponentPart {
    std::string name;
    std::string kind;
    double instances = 1;
    double rate = 0;                        ///< visits of all instances together
    std::optional<double> utilization;      ///< of workers; nothing without a number of them
    std::optional<double> cpu_utilization;  ///< of cores
    std::optional<double> wait;             ///< from arrival to a worker
    std::optional<double> cpu_wait;         ///< of a visit, for cores
    std::optional<double> response;         ///< of a visit, waits and calls included
    std::optional<double> hit_ratio;
    double lost = 0;  ///< share of visits that is rejected or gives up

    /// The tightest resource of the busiest instance: what is asked of it over what it can do, more
    /// than 1 beyond saturation; nothing where nobody ever waits.
    std::optional<double> pressure;
    std::string resource;  ///< "workers", "cores", "consumers"
    /// It never catches up: its line grows, or turns away what is too much.
    bool is_saturated() const { return pressure && *pressure >= 1; }

    std::vector<std::string> remarks;  ///< what the prediction leaves out
    std::string unknown;               ///< why there is none; else empty
  };

  struct RequestTypePart {
    std::string name;
    double share = 0;
    std::optional<double> latency;  ///< mean, from sending to the answer at the user
  };

  struct PopulationPart {
    std::string name;
    bool is_closed = false;
    std::optional<double> rate;     ///< requests sent; the mean of the window where it changes
    std::optional<double> latency;  ///< mean of all types
    std::vector<RequestTypePart> types;
    std::vector<std::string> remarks;
    std::string unknown;
  };

  std::vector<PopulationPart> populations;
  std::vector<ComponentPart> components;

  std::optional<std::size_t> bottleneck;  ///< the component that saturates first
  /// By which factor the open traffic may grow until the bottleneck is saturated; below 1 it is
  /// beyond. Infinite: nothing ever is. Nothing: unknown, or all traffic is closed.
  std::optional<double> saturation;
  /// Of a closed population alone: how many users saturate the bottleneck, N* = (Z + ΣD) / D_max
  /// (Lazowska et al.: Quantitative System Performance, 1984, §5.2).
  std::optional<double> saturation_users;
  std::vector<std::string> remarks;  ///< about the whole

  const ComponentPart* component(const std::string& name) const;
  const PopulationPart* population(const std::string& name) const;
};

/// Predicts; with `find_saturation` also how far the load may grow, which takes some dozen
/// solutions.
Prediction predict(const Scenario& scenario, bool find_saturation = true);

}  // namespace stampede
