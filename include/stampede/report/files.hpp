#pragma once

#include <string>

#include "stampede/base/files.hpp"
#include "stampede/study/study.hpp"

namespace stampede {

/// All files of `--out`: result.json, summary.txt, timeseries.csv, performance.json, and the
/// scenario as it was given, scenario.yaml. Throws FileError.
void write_study(const std::string& directory, const StudyResult& study,
                 const std::string& scenario_text);

}  // namespace stampede
