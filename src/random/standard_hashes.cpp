#include "stampede/random/standard_hashes.hpp"

#include <bit>
#include <boost/uuid/detail/sha1.hpp>
#include <cstddef>

namespace stampede {
namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::uint32_t scrambled(std::uint32_t block) {
  return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U;
}

}  // namespace

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = seed;
  const std::size_t whole = bytes.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t block = byte_at(bytes, i) | byte_at(bytes, i + 1) << 8 |
                                byte_at(bytes, i + 2) << 16 | byte_at(bytes, i + 3) << 24;
    hash = std::rotl(hash ^ scrambled(block), 13) * 5 + 0xe6546b64U;
  }
  std::uint32_t rest = 0;
  for (std::size_t i = bytes.size(); i > whole; --i) {
    rest = rest << 8 | byte_at(bytes, i - 1);
  }
  hash ^= scrambled(rest);
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

std::uint32_t fnv1a_32(std::string_view bytes) {
  std::uint32_t hash = 0x811c9dc5U;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    hash = (hash ^ byte_at(bytes, i)) * 0x01000193U;
  }
  return hash;
}

std::uint64_t sha1_60(std::string_view bytes) {
  boost::uuids::detail::sha1 sha1;
  sha1.process_bytes(bytes.data(), bytes.size());
  boost::uuids::detail::sha1::digest_type digest;
  sha1.get_digest(digest);
  return (static_cast<std::uint64_t>(digest[0]) << 32 | digest[1]) >> 4;
}

}  // namespace stampede
