#pragma once

#include <cstdint>
#include <string_view>

/// Hash functions that other systems have settled on, for doing as they do. Ours is in
/// base/hash.hpp.

namespace stampede {

/// MurmurHash3_x86_32 (Appleby, SMHasher, 2016).
std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0);

/// FNV-1a with 32 bits (Fowler, Noll, Vo; RFC 9923).
std::uint32_t fnv1a_32(std::string_view bytes);

/// The first 60 bits of SHA-1 (FIPS 180-4), which are the first 15 digits of its hexadecimal text.
std::uint64_t sha1_60(std::string_view bytes);

}  // namespace stampede
