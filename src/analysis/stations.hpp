#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "traffic.hpp"

namespace stampede {

/// A time as theory carries it: sums and mixtures of independent ones. NaN: unknown.
struct Span {
  double mean = 0;
  double variance = 0;

  static Span of(const TwoMoments& moments) {
    return {moments.mean, moments.scv * moments.mean * moments.mean};
  }
  TwoMoments moments() const { return {mean, mean > 0 ? variance / (mean * mean) : 0}; }
  Span operator+(const Span& other) const { return {mean + other.mean, variance + other.variance}; }
  double second_moment() const { return variance + mean * mean; }
};

/// Instances of a component that are asked for the same share of its requests.
struct Node {
  double count = 1;
  std::vector<double> asked;  ///< share of each of the component's streams that visits one of them
  std::vector<double> applied;  ///< and share whose work it does aside, on its cores
};

/// What is asked of a component.
struct PartLoad {
  std::vector<std::size_t> streams;   ///< of the component
  std::vector<double> rates;          ///< of each of them, as taken in
  std::vector<Span> holds;            ///< how long each holds a worker
  std::vector<Span> computing;        ///< work of one on a core, all pieces together
  std::vector<double> pieces;         ///< pieces of work of one
  std::vector<double> piece_squares;  ///< sum of the second moments of its pieces
};

/// What follows: the waits of one visit or piece.
struct PartQueues {
  std::vector<Span> worker_wait;  ///< by stream of the load: for each spell in the line
  Span cpu_wait;                  ///< for each piece of work, first come first served
  double cpu_stretch = 1;         ///< of a piece under processor sharing
  double lost = 0;
  std::optional<double> utilization;
  std::optional<double> cpu_utilization;
  std::optional<double> pressure;
  std::string resource;
};

/// The instances of a component by what they are asked for: shards by the popularity of their keys.
std::vector<Node> nodes_of(const Scenario& scenario, const Traffic& traffic, std::size_t part,
                           const std::vector<std::size_t>& streams);

/// The queues of a component. `patience`: mean of those who wait, if they leave.
PartQueues queues_of(const Traffic& traffic, std::size_t part, const std::vector<Node>& nodes,
                     const PartLoad& load, std::optional<double> patience);

}  // namespace stampede
