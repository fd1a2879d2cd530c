#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "component_recorder.hpp"
#include "in_flight.hpp"
#include "request_ledger.hpp"
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

/// What one replication saw of some user requests within a window. Those of several ledgers merge
/// into those of the population.
struct RequestWindow {
  CohortCounts counts;
  EndCounts ends;
  Summary ok;
  Summary not_ok;
  Int128 area = 0;  ///< requests in flight × ns
};

/// Adds what a ledger holds of the window.
void add_window(RequestWindow& to, InFlight& in_flight, const RequestLedger& ledger,
                const Window& window);

/// The numbers of some user requests out of what each replication saw of them.
Subject request_subject(const std::string& name, const std::string& kind,
                        const std::vector<RequestWindow>& replications, const InFlight& in_flight,
                        Duration window);

/// The numbers of a component, one recorder a replication.
Subject component_subject(const std::vector<const ComponentRecorder*>& replications,
                          const Window& window);

}  // namespace stampede
