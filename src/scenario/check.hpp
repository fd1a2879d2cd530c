#pragma once

#include "stampede/base/problem.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Finds what is wrong between the parts of a scenario, where each part by itself is right: names
/// that lead nowhere, shares that do not add up, faults that strike nobody. Of `problems` it takes
/// whether there was an error before; what merely follows from one is not told.
void check(const Scenario& scenario, Problems& problems);

/// Finds what is wrong with who calls whom: components that nothing calls (errors); waits that
/// never end, circles that may lock up, handlers that never run (warnings). For scenarios whose
/// names are right.
void check_calls(const Scenario& scenario, Problems& problems);

/// Finds what is wrong with who gives messages to whom: queues that are none (errors), queues that
/// nobody consumes (warnings). For scenarios whose names are right.
void check_messages(const Scenario& scenario, Problems& problems);

/// Finds what is wrong with the chaos experiment, where each of its parts by itself is right:
/// nothing before the method or after it to judge, probes of nobody.
void check_chaos(const Scenario& scenario, Problems& problems);

/// Finds what is wrong with flags and A/B tests: names that lead nowhere, variants that nobody has,
/// metrics without a law (errors).
void check_flags(const Scenario& scenario, Problems& problems);

}  // namespace stampede
