#pragma once

#include <string>
#include <vector>

#include "stampede/measure/result.hpp"
#include "subjects.hpp"

namespace stampede {

/// Where a result's own numbers are doubtful, as warnings: saturation, too few events, batches that
/// are alike.
std::vector<std::string> doubts_about(const Result& result, const std::vector<Sample>& samples);

}  // namespace stampede
