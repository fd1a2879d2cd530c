#pragma once

#include <string>

#include "stampede/base/json_fwd.hpp"
#include "stampede/report/style.hpp"
#include "stampede/study/chaos.hpp"

namespace stampede {

/// An experiment as lines of at most 80 columns: its verdict, the probes in their windows, who
/// noticed and when, who came to harm.
std::string chaos_text(const ChaosReport& report, const TextStyle& style);

/// The same for result.json.
Json chaos_json(const ChaosReport& report);

}  // namespace stampede
