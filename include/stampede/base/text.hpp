#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/base/units.hpp"

namespace stampede {

/// What became of a text: the value, or why there is none and the way out ("add a unit, such as
/// 5s"). Decimal texts become the nearest value of the type; nothing overflows silently.
template <class T>
struct Parsed {
  std::optional<T> value;
  std::string hint;
};

/// "200us", "1.5s", "1h30m": numbers with a unit of ns, us, ms, s, m, h, d. Only 0 needs no unit.
Parsed<Duration> parse_duration(std::string_view text);
/// "64MiB", "1.5KB", "200B": decimal KB, MB, GB, TB and binary KiB, MiB, GiB, TiB.
Parsed<Bytes> parse_bytes(std::string_view text);
/// "2000/s", "2k/s", "10/m", "5/h", "1/d".
Parsed<Rate> parse_rate(std::string_view text);
/// "1Gbps", "100Mbps" (bits) or "10MB/s", "1MiB/s" (bytes).
Parsed<Bandwidth> parse_bandwidth(std::string_view text);
/// "25%", or a number from 0 to 1. A percentage may exceed 100; who reads it sets the limit.
Parsed<Ratio> parse_ratio(std::string_view text);
/// A whole number, perhaps with k, M or G: "12", "-3", "50k", "1.5M". No octal, no 0x, no "1_000".
Parsed<std::int64_t> parse_integer(std::string_view text);
/// The same, from 0 up to 2^64 - 1.
Parsed<std::uint64_t> parse_count(std::string_view text);
/// A finite decimal number: "0.9", "-2", "1e-3".
Parsed<double> parse_number(std::string_view text);
/// A duration, an amount of data or a rate as a number of ns, of bytes, per second: unlike the
/// typed forms it keeps fractions of the base unit.
Parsed<double> parse_nanoseconds(std::string_view text);
Parsed<double> parse_byte_number(std::string_view text);

/// The inverse of the above: the shortest text that reads back as exactly the same value.
std::string to_text(Duration value);
std::string to_text(Bytes value);
std::string to_text(Rate value);
std::string to_text(Bandwidth value);
std::string to_text(Ratio value);
std::string to_text(std::int64_t value);
std::string to_text(std::uint64_t value);
std::string to_text(double value);
std::string nanoseconds_to_text(double nanoseconds);
std::string byte_number_to_text(double bytes);

/// The number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
/// (optimal string alignment, the restricted Damerau-Levenshtein distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `word` was probably meant to be, or empty: equal but for case, '_' and '-'
/// (so "maxSurge" finds "max_surge"), within two edits (one for short words), or a beginning of it.
std::string closest_match(std::string_view word, const std::vector<std::string>& candidates);

/// "one of a, b, c"; a list too long to be read is cut, keeping those nearest to `word`.
std::string one_of(const std::vector<std::string>& names, std::string_view word = {});

/// Lower case with '-' as '_', the form in which enum words are compared.
std::string normalized_word(std::string_view word);

/// Whether `name` matches [a-z][a-z0-9_-]*, as every name in a scenario must.
bool is_valid_name(std::string_view name);

}  // namespace stampede
