#pragma once

#include <cstdint>

#include "stampede/base/hash.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/request.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// What of a request is hashed: equal ones go to the same backend.
enum class HashOn { key, user };

inline const EnumNames<HashOn>& names(HashOn) {
  static const EnumNames<HashOn> table{{{HashOn::key, "key"}, {HashOn::user, "user"}}};
  return table;
}

inline constexpr const char* hash_on_meaning =
    "what of a request is hashed; equal ones go to the same backend";

/// As theory sees it: of many users none matters.
inline Split split_by(HashOn hash_on) {
  return {.kind = hash_on == HashOn::key ? Split::Kind::by_key : Split::Kind::random};
}

inline std::uint64_t hash_of(const Request& request, HashOn hash_on, std::uint64_t seed) {
  return combine(seed, hash_on == HashOn::key ? request.key : request.user);
}

}  // namespace stampede
