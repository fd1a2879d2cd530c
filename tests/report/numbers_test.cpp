#include "stampede/report/numbers.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace stampede;

namespace {
const TextStyle utf8{.colour = false, .utf8 = true};
const TextStyle ascii{.colour = false, .utf8 = false};
constexpr double none = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("lengths of time have three digits in the unit that fits") {
  CHECK(seconds_text(0, utf8) == "0s");
  CHECK(seconds_text(4.2e-9, utf8) == "4.20ns");
  CHECK(seconds_text(850e-6, utf8) == "850µs");
  CHECK(seconds_text(850e-6, ascii) == "850us");
  CHECK(seconds_text(0.00412, utf8) == "4.12ms");
  CHECK(seconds_text(0.0999, utf8) == "99.9ms");
  CHECK(seconds_text(1.5, utf8) == "1.50s");
  CHECK(seconds_text(90, utf8) == "90.0s");
  CHECK(seconds_text(600, utf8) == "10.0min");
  CHECK(seconds_text(86400, utf8) == "24.0h");
  CHECK(seconds_text(none, utf8) == "–");
  CHECK(seconds_text(none, ascii) == "-");
}

TEST_CASE("rounding up to the next unit moves to that unit") {
  CHECK(seconds_text(0.9996e-3, utf8) == "1.00ms");
  CHECK(seconds_text(0.99951, utf8) == "1.00s");
  CHECK(seconds_text(9.996e-3, utf8) == "10.0ms");
  CHECK(seconds_text(99.96e-3, utf8) == "100ms");
}

TEST_CASE("shares near 100 % keep the digits that matter") {
  CHECK(share_text(0, utf8) == "0%");
  CHECK(share_text(1, utf8) == "100%");
  CHECK(share_text(0.6312, utf8) == "63.1%");
  CHECK(share_text(0.99812, utf8) == "99.81%");
  CHECK(share_text(0.9999873, utf8) == "99.9987%");
  CHECK(share_text(0.0001, utf8) == "0.010%");
  CHECK(share_text(1 - 1e-12, utf8) == "100.000000%");
}

TEST_CASE("rates and plain numbers") {
  CHECK(rate_text(2000, utf8) == "2000/s");
  CHECK(rate_text(12'345, utf8) == "12.3k/s");
  CHECK(rate_text(3'210'000, utf8) == "3.21M/s");
  CHECK(rate_text(0.0503, utf8) == "0.0503/s");
  CHECK(plain_text(12.44, utf8) == "12.4");
  CHECK(plain_text(0, utf8) == "0");
  CHECK(plain_text(0.0000123, utf8) == "1.23e-05");
}

TEST_CASE("half-widths have two digits in the unit of their number") {
  CHECK(seconds_text_like(4.89, 0.559, utf8) == "0.56s");
  CHECK(seconds_text_like(0.0712, 806e-6, utf8) == "0.81ms");
  CHECK(seconds_text_like(0.156, 0.0099, utf8) == "9.9ms");
  CHECK(rate_text_like(12'345, 61, utf8) == "0.061k/s");
  CHECK(share_text_like(0.9987, 0.00054, utf8) == "0.054%");
  CHECK(plain_text_like(12.4, 0.34, utf8) == "0.34");
  CHECK(plain_text_like(12.4, 0, utf8) == "0");
  CHECK(plain_text_like(1, none, ascii) == "-");
}

TEST_CASE("large counts have their thousands set apart") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1'200'345) == "1,200,345");
  CHECK(count_text(-1'000) == "-1,000");
}
