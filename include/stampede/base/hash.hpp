#pragma once

#include <cstdint>
#include <string_view>

namespace stampede {

/// XXH3 (64 bits) of bytes; the same on every machine.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

/// Spreads every bit of `x` over the result: the finaliser of SplitMix64
/// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  x ^= x >> 31;
  return x;
}

/// The hash of a pair, different for (a, b) and (b, a).
constexpr std::uint64_t combine(std::uint64_t a, std::uint64_t b) {
  return mix(a * 0x9e3779b97f4a7c15U + b + 0x632be59bd9b4e019U);
}

}  // namespace stampede
