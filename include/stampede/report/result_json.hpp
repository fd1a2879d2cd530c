#pragma once

#include "stampede/base/json.hpp"
#include "stampede/study/study.hpp"

namespace stampede {

/// result.json: nothing in it differs between two runs of the same scenario, seed and version.
/// docs/schema/result.schema.json says what may be in it.
Json result_json(const StudyResult& study);

/// performance.json: what the run cost; differs from run to run.
Json performance_json(const StudyResult& study);

/// A JSON document as it is written: two spaces, a line feed at the end.
std::string json_text(const Json& json);

}  // namespace stampede
