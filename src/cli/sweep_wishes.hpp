#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "stampede/study/sweep_plan.hpp"

namespace stampede {

/// --param, --zip, --sample and --sample-seed: what is varied.
void add_design_options(boost::program_options::options_description& options);

/// A plan without mistakes, and what its points cost.
struct Prepared {
  SweepPlan plan;
  std::vector<PlannedPoint> points;
};

/// Plans what the command line says about a file, a scenario or a study file. None if there are
/// mistakes, which have been shown.
std::optional<Prepared> prepare_sweep(const Arguments& arguments, const std::string& file);

/// An option that gives a parameter and the range in which it is searched.
struct SearchedOption {
  const char* option;
  ValueRange* range;
};
/// The same for a scenario and parameters that are searched; the points are the ends of the first
/// range, with all ends of the next, and so on.
std::optional<Prepared> prepare_search(const Arguments& arguments, const std::string& file,
                                       const std::vector<SearchedOption>& searched);

/// "200 points in 12.3s, 1.98 cores busy": counts from when it was made.
class CostOfRunning {
 public:
  CostOfRunning();
  std::string text(const std::string& what) const;

 private:
  double wall_began_s_;
  double cpu_began_s_;
};

}  // namespace stampede
