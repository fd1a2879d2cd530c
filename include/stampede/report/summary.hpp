#pragma once

#include <string>

#include "stampede/report/style.hpp"
#include "stampede/study/study.hpp"

namespace stampede {

/// What a person wants to know of a run, on a page of 80 columns: traffic, latency, components,
/// faults, expectations, warnings. Numbers that the run cannot tell carry a mark.
std::string summary_text(const StudyResult& study, const TextStyle& style);

/// "1.2 s, 1.95 M events (1.62 M/s), …" in one line.
std::string performance_text(const Performance& performance, const TextStyle& style);

}  // namespace stampede
