#pragma once

#include <cstdint>
#include <span>

namespace stampede {

/// The p-value of Pearson's χ² test that groups of these sizes were drawn with these weights
/// (relative, positive; as many as groups, at least two). In an experiment a small one is a sample
/// ratio mismatch: assignment or counting is broken, and no metric can be believed (Fabijan et al.:
/// Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD 2019; they alarm below
/// 0.0005). 1 when nobody was drawn.
double sample_ratio_p(std::span<const std::int64_t> counts, std::span<const double> weights);

/// Below this p-value an experiment has a sample ratio mismatch.
inline constexpr double sample_ratio_alarm = 0.0005;

}  // namespace stampede
