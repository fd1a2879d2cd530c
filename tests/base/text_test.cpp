#include "stampede/base/text.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

using namespace stampede;
using namespace stampede::literals;

namespace {

template <class T>
std::string hint_of(const Parsed<T>& parsed) {
  REQUIRE_FALSE(parsed.value);
  return parsed.hint;
}

/// Any finite double that is not negative, extreme exponents included.
rc::Gen<double> any_magnitude() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
    double value;
    bits &= ~(std::uint64_t{1} << 63);
    std::memcpy(&value, &bits, sizeof value);
    return std::isfinite(value) ? value : 1.0;
  });
}

/// Doubles as people write them: a few digits and a scale.
rc::Gen<double> human_magnitude() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::inRange(0, 10'000), rc::gen::inRange(-6, 10)),
      [](const std::pair<int, int>& parts) {
        return *parse_number(std::to_string(parts.first) + "e" + std::to_string(parts.second))
                    .value;
      });
}

}  // namespace

TEST_CASE("durations are read in every unit, with fractions and in parts") {
  CHECK(parse_duration("200us").value == Duration::nanoseconds(200'000));
  CHECK(parse_duration("1.5s").value == 1500_ms);
  CHECK(parse_duration("7ns").value == 7_ns);
  CHECK(parse_duration("10m").value == 600_s);
  CHECK(parse_duration("2h").value == 7200_s);
  CHECK(parse_duration("1d").value == 86'400_s);
  CHECK(parse_duration("1h30m").value == 5400_s);
  CHECK(parse_duration("1m0.5s").value == 60'500_ms);
  CHECK(parse_duration("0").value == 0_ns);
  CHECK(parse_duration("0.3333333333333s").value == Duration::nanoseconds(333'333'333));
  CHECK(parse_duration("9223372036854775807ns").value == Duration::max());
}

TEST_CASE("a duration that cannot be read says why") {
  CHECK(hint_of(parse_duration("5")) == "add a unit, such as 5s");
  CHECK(hint_of(parse_duration("5 s")) == "write it without a space: 5s");
  CHECK(hint_of(parse_duration("5sec")) ==
        "'sec' is no unit of time; use ns, us, ms, s, m, h or d");
  CHECK(hint_of(parse_duration("-5s")) == "it cannot be negative");
  CHECK(hint_of(parse_duration("1_000s")) == "write the digits without separators");
  CHECK(hint_of(parse_duration("010s")) ==
        "leading zeros are not allowed, for some take them to mean octal");
  CHECK(hint_of(parse_duration(".5s")) == "write 0.5s");
  CHECK(hint_of(parse_duration("+5s")) == "write it without '+'");
  CHECK(hint_of(parse_duration("30m1h")) ==
        "write larger units before smaller ones, such as 1h30m");
  CHECK(hint_of(parse_duration("293000d")) == "the longest is 292 years (2562047h)");
  CHECK(hint_of(parse_duration("1e99999999999s")) == "the longest is 292 years (2562047h)");
  CHECK(hint_of(parse_duration("9223372036854775808ns")) == "the longest is 292 years (2562047h)");
  CHECK(hint_of(parse_duration("0.1ns")) == "the shortest is 1ns");
  CHECK(hint_of(parse_duration("")).empty());
  CHECK(hint_of(parse_duration("soon")).empty());
}

TEST_CASE("durations are written in the largest unit that fits") {
  CHECK(to_text(Duration()) == "0s");
  CHECK(to_text(200_us) == "200us");
  CHECK(to_text(1500_ms) == "1.5s");
  CHECK(to_text(90_s) == "90s");
  CHECK(to_text(600_s) == "10m");
  CHECK(to_text(5400_s) == "90m");
  CHECK(to_text(172'800_s) == "2d");
  CHECK(to_text(123'456'789_ns) == "123.456789ms");
  CHECK(to_text(Duration() - 5_ms) == "-5ms");
  CHECK(nanoseconds_to_text(0.25) == "0.25ns");
  CHECK(nanoseconds_to_text(4'200'000.5) == "4.2000005ms");
}

TEST_CASE("amounts of data are read in decimal and binary units") {
  CHECK(parse_bytes("200B").value == Bytes{200});
  CHECK(parse_bytes("30KB").value == Bytes{30'000});
  CHECK(parse_bytes("1.5kB").value == Bytes{1'500});
  CHECK(parse_bytes("2GB").value == Bytes{2'000'000'000});
  CHECK(parse_bytes("64MiB").value == Bytes{64U << 20});
  CHECK(parse_bytes("0.5KiB").value == Bytes{512});
  CHECK(parse_bytes("0").value == Bytes{0});
  CHECK(parse_bytes("18446744073709551615B").value == Bytes{~std::uint64_t{0}});
  CHECK(hint_of(parse_bytes("64")) == "add a unit, such as 64B");
  CHECK(hint_of(parse_bytes("64mb")) ==
        "'mb' is no unit of data; use B, KB, MB, GB, TB, KiB, MiB, GiB or TiB");
  CHECK(hint_of(parse_bytes("16777216TiB")) == "the most is 16777215TiB");
  CHECK(hint_of(parse_bytes("99999999999999999999999999999999999999TiB")) ==
        "the most is 16777215TiB");
  CHECK(hint_of(parse_bytes("0.1B")) == "the least is 1B");
}

TEST_CASE("amounts of data are written in the unit that makes them shortest") {
  CHECK(to_text(Bytes{0}) == "0B");
  CHECK(to_text(Bytes{200}) == "200B");
  CHECK(to_text(Bytes{64U << 20}) == "64MiB");
  CHECK(to_text(Bytes{64'000'000}) == "64MB");
  CHECK(to_text(Bytes{1'500}) == "1.5KB");
  CHECK(to_text(Bytes{1'234'567}) == "1234567B");
}

TEST_CASE("rates are read per second, minute, hour and day") {
  CHECK(parse_rate("2000/s").value == Rate{2000});
  CHECK(parse_rate("2k/s").value == Rate{2000});
  CHECK(parse_rate("1.5M/s").value == Rate{1.5e6});
  CHECK(parse_rate("10/m").value == Rate{10.0 / 60});
  CHECK(parse_rate("5/h").value == Rate{5.0 / 3600});
  CHECK(parse_rate("0").value == Rate{0});
  CHECK(hint_of(parse_rate("2000")) == "add a unit, such as 2000/s");
  CHECK(hint_of(parse_rate("2000rps")) ==
        "'rps' is no unit of rate; use /s, /m, /h or /d, such as 2000/s");
  CHECK(hint_of(parse_rate("-1/s")) == "it cannot be negative");
  CHECK(hint_of(parse_rate("1e400/s")) == "the number is out of range");
  CHECK(to_text(Rate{2000}) == "2000/s");
  CHECK(to_text(Rate{10.0 / 60}) == "10/m");
  CHECK(to_text(Rate{0}) == "0/s");
}

TEST_CASE("bandwidths are read in bits and in bytes") {
  CHECK(parse_bandwidth("1Gbps").value == Bandwidth{125e6});
  CHECK(parse_bandwidth("100Mbps").value == Bandwidth{12.5e6});
  CHECK(parse_bandwidth("10MB/s").value == Bandwidth{10e6});
  CHECK(parse_bandwidth("1MiB/s").value == Bandwidth{1'048'576});
  CHECK(hint_of(parse_bandwidth("100")) == "add a unit, such as 100Mbps");
  CHECK(hint_of(parse_bandwidth("1gbit")) ==
        "'gbit' is no unit of bandwidth; use bps, kbps, Mbps, Gbps (bits) or KB/s, MB/s, GB/s "
        "(bytes)");
  CHECK(to_text(Bandwidth{125e6}) == "1Gbps");
  CHECK(to_text(Bandwidth{10e6}) == "80Mbps");
}

TEST_CASE("a share is a percentage or a number up to 1") {
  CHECK(parse_ratio("25%").value == Ratio{0.25});
  CHECK(parse_ratio("0.25").value == Ratio{0.25});
  CHECK(parse_ratio("150%").value == Ratio{1.5});
  CHECK(parse_ratio("0.1%").value == Ratio{0.001});
  CHECK(hint_of(parse_ratio("25")) ==
        "a plain number is a share from 0 to 1; a percentage is written 25%");
  CHECK(hint_of(parse_ratio("25 %")) == "write a percentage such as 25%, or a number from 0 to 1");
  CHECK(hint_of(parse_ratio("-1%")) == "it cannot be negative");
  CHECK(to_text(Ratio{0.25}) == "25%");
  CHECK(to_text(Ratio{0.999}) == "99.9%");
}

TEST_CASE("whole numbers take k, M and G and nothing else") {
  CHECK(parse_integer("12").value == 12);
  CHECK(parse_integer("-3").value == -3);
  CHECK(parse_integer("50k").value == 50'000);
  CHECK(parse_integer("2M").value == 2'000'000);
  CHECK(parse_integer("1.5k").value == 1'500);
  CHECK(parse_integer("1e3").value == 1'000);
  CHECK(parse_integer("-9223372036854775808").value == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_count("18446744073709551615").value == ~std::uint64_t{0});
  CHECK(hint_of(parse_integer("1.5")) == "it must be whole");
  CHECK(hint_of(parse_integer("010")) ==
        "leading zeros are not allowed, for some take them to mean octal");
  CHECK(hint_of(parse_integer("0x10")) == "after the digits only k, M or G may stand, not 'x10'");
  CHECK(hint_of(parse_integer("1_000")) == "write the digits without separators");
  CHECK(hint_of(parse_integer("9223372036854775808")) == "the number is out of range");
  CHECK(hint_of(parse_count("18446744073709551616")) == "the number is out of range");
  CHECK(hint_of(parse_count("-1")) == "it cannot be negative");
}

TEST_CASE("plain numbers are finite decimals") {
  CHECK(parse_number("0.9").value == 0.9);
  CHECK(parse_number("-2").value == -2.0);
  CHECK(parse_number("1e-3").value == 0.001);
  CHECK(hint_of(parse_number("4ms")) == "it is a plain number, without 'ms'");
  CHECK(hint_of(parse_number("1e999")) == "the number is out of range");
  CHECK(hint_of(parse_number("1e-999")) == "the number is out of range");
  CHECK(hint_of(parse_number("inf")).empty());
  CHECK(hint_of(parse_number(".inf")) == "write 0.inf");
  CHECK(hint_of(parse_number("nan")).empty());
}

TEST_CASE("every value with a unit reads back as itself") {
  CHECK(rc::check("durations", [] {
    const auto ns =
        *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max()),
                        rc::gen::map(rc::gen::inRange<std::int64_t>(0, 100'000),
                                     [](std::int64_t n) { return n * 1'000'000; }));
    const Duration duration = Duration::nanoseconds(ns);
    RC_ASSERT(parse_duration(to_text(duration)).value == duration);
  }));
  CHECK(rc::check("amounts of data", [](std::uint64_t count) {
    const Bytes bytes{count};
    RC_ASSERT(parse_bytes(to_text(bytes)).value == bytes);
    const Bytes kibi{(count % 5'000) << 10};
    RC_ASSERT(parse_bytes(to_text(kibi)).value == kibi);
  }));
  CHECK(rc::check("whole numbers", [](std::int64_t whole, std::uint64_t count) {
    RC_ASSERT(parse_integer(to_text(whole)).value == whole);
    RC_ASSERT(parse_count(to_text(count)).value == count);
  }));
  CHECK(rc::check("numbers, rates, shares, bandwidths, quantities", [] {
    const double value = *rc::gen::oneOf(any_magnitude(), human_magnitude());
    RC_ASSERT(parse_number(to_text(value)).value == value);
    RC_ASSERT(parse_number(to_text(-value)).value == -value);
    RC_ASSERT(parse_rate(to_text(Rate{value})).value == Rate{value});
    RC_ASSERT(parse_ratio(to_text(Ratio{value})).value == Ratio{value});
    RC_ASSERT(parse_nanoseconds(nanoseconds_to_text(value)).value == value);
    RC_ASSERT(parse_byte_number(byte_number_to_text(value)).value == value);
    // Bits and bytes differ by a factor of 8, which vanishes at the edges of the range.
    const double bandwidth = value < 1e-290 || value > 1e290 ? 1.0 : value;
    RC_ASSERT(parse_bandwidth(to_text(Bandwidth{bandwidth})).value == Bandwidth{bandwidth});
  }));
}

TEST_CASE("no text upsets the parsers of units") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::element('0', '1', '9', '.', 'e', '-', '+', 's', 'm', 'h', 'd', 'k',
                                        'M', 'B', 'i', '/', '%', ' '),
                       rc::gen::arbitrary<char>()));
    parse_duration(text);
    parse_nanoseconds(text);
    parse_bytes(text);
    parse_byte_number(text);
    parse_rate(text);
    parse_bandwidth(text);
    parse_ratio(text);
    parse_integer(text);
    parse_count(text);
    parse_number(text);
    closest_match(text, {"replicas", "policy"});
  }));
}

TEST_CASE("edits count insertions, deletions, replacements and swaps of neighbours") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("replicsa", "replicas") == 1);
}

TEST_CASE("a misspelt word finds the one that was meant") {
  const std::vector<std::string> names{"replicas",        "concurrency", "max_surge", "timeout",
                                       "per_try_timeout", "ttl",         "cpu"};
  CHECK(closest_match("replica", names) == "replicas");
  CHECK(closest_match("relpicas", names) == "replicas");
  CHECK(closest_match("maxSurge", names) == "max_surge");
  CHECK(closest_match("Max-Surge", names) == "max_surge");
  CHECK(closest_match("concur", names) == "concurrency");
  CHECK(closest_match("timeout_ms", names) == "timeout");
  CHECK(closest_match("tll", names) == "ttl");
  CHECK(closest_match("gpu", names) == "cpu");
  CHECK(closest_match("colour", names).empty());
  CHECK(closest_match("x", names).empty());
  CHECK(closest_match("", names).empty());
}

TEST_CASE("a long list of names is cut to those nearest to the word") {
  CHECK(one_of({"a"}) == "a");
  CHECK(one_of({"a", "b"}) == "one of a, b");
  std::vector<std::string> many;
  for (char c = 'a'; c <= 'z'; ++c) {
    many.push_back(std::string(3, c));
  }
  CHECK(one_of(many, "zzx") == "one of zzz, xxx, aaa, bbb, ccc, ddd, eee, fff and 18 more");
}

TEST_CASE("names are lower case and start with a letter") {
  CHECK(is_valid_name("eu-a_2"));
  CHECK_FALSE(is_valid_name(""));
  CHECK_FALSE(is_valid_name("2a"));
  CHECK_FALSE(is_valid_name("App"));
  CHECK_FALSE(is_valid_name("a b"));
}
