#pragma once

#include <cstdint>
#include <string>

#include "stampede/measure/metrics.hpp"
#include "stampede/report/style.hpp"

// Numbers as people read them: three significant digits in the unit that fits. What is not a number
// (no data) is a dash. Those with `like` show a half-width: two digits, in the unit of the number
// that it belongs to.

namespace stampede {

/// "4.13ms", "850µs", "12.4s", "35.0min".
std::string seconds_text(double seconds, const TextStyle& style);
std::string seconds_text_like(double like, double seconds, const TextStyle& style);

/// "2000/s", "12.4k/s", "0.0503/s".
std::string rate_text(double per_second, const TextStyle& style);
std::string rate_text_like(double like, double per_second, const TextStyle& style);

/// A share with the digits that its distance from 0 and from 100 % deserves: "63.1%", "99.9987%".
std::string share_text(double share, const TextStyle& style);
std::string share_text_like(double like, double share, const TextStyle& style);

/// "0.412", "12.4", "1204".
std::string plain_text(double value, const TextStyle& style);
std::string plain_text_like(double like, double value, const TextStyle& style);

/// One of the above, by the unit of a metric.
std::string metric_text(MetricUnit unit, double value, const TextStyle& style);
std::string metric_text_like(MetricUnit unit, double like, double value, const TextStyle& style);

/// Whole numbers with their thousands set apart: "1,200,345".
std::string count_text(std::int64_t count);

}  // namespace stampede
