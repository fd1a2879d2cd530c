#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "component_recorder.hpp"
#include "in_flight.hpp"
#include "request_ledger.hpp"
#include "stampede/measure/recording.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/stats/slices.hpp"

namespace stampede {

/// The slices that results are of: [first, end) of a grid.
struct Window {
  const SliceGrid& grid;
  std::size_t first;
  std::size_t end;

  Time begins() const { return grid.boundary(first); }
  Time ends() const { return grid.boundary(end); }
  Duration length() const { return grid.length(first, end); }
};

/// What intervals are made of: a replication, or a batch of the only one. Those of one recording
/// follow each other and make a window without a gap.
struct Sample {
  const Recording* recording;
  Window window;

  /// What is in flight at the end of the run belongs to this one.
  bool is_last() const { return window.end == window.grid.count(); }
};

/// What one replication or batch saw of some user requests. Those of several ledgers merge into
/// those of the population.
struct RequestWindow {
  Duration span;
  CohortCounts counts;
  EndCounts ends;
  Summary ok;
  Summary not_ok;
  Int128 area = 0;  ///< requests in flight × ns

  Duration length() const { return span; }
};

/// Adds what a ledger holds of the window.
void add_window(RequestWindow& to, const RequestLedger& ledger, const Window& window);

/// The numbers of some user requests out of what each replication or batch saw of them.
Subject request_subject(const std::string& name, const std::string& kind,
                        const std::vector<RequestWindow>& samples, const InFlight& in_flight);

/// What became of a rollout: shares of the replications, and what it cost in one.
Subject rollout_subject(const std::vector<Sample>& samples, std::size_t rollout);

/// The numbers of an A/B test, by its position.
Subject ab_test_subject(const std::vector<const Recording*>& replications, std::size_t test);

/// The numbers of a component.
Subject component_subject(const std::vector<Sample>& samples, std::size_t component);

}  // namespace stampede
