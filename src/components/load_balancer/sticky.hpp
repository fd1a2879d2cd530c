#pragma once

#include <cstdint>
#include <unordered_map>

#include "stampede/model/load_balancing.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

enum class StickyBy { user, key };
inline const EnumNames<StickyBy>& names(StickyBy) {
  static const EnumNames<StickyBy> table{{{StickyBy::user, "user"}, {StickyBy::key, "key"}}};
  return table;
}

struct StickySettings {
  StickyBy by = StickyBy::user;
};
inline void describe(Visitor& v, StickySettings& s) {
  v.shorthand("by");
  v.field("by", s.by, "what keeps its backend: all requests of one user, or all for one key");
}

/// Sticky sessions by a cookie that names the backend: the client carries it, so every balancer of
/// the component honours it, and none forgets it in a crash.
class StickySessions {
 public:
  static constexpr BackendSlot none = UINT32_MAX;

  explicit StickySessions(const StickySettings& settings) : by_(settings.by) {}

  /// The backend of the request's session, or none.
  BackendSlot find(const Request& request) const {
    const auto found = backends_.find(session_of(request));
    return found == backends_.end() ? none : found->second;
  }
  void remember(const Request& request, BackendSlot slot) { backends_[session_of(request)] = slot; }

 private:
  std::uint64_t session_of(const Request& request) const {
    return by_ == StickyBy::key ? request.key : combine(request.population, request.user);
  }

  StickyBy by_;
  std::unordered_map<std::uint64_t, BackendSlot> backends_;  ///< only looked up, never walked
};

}  // namespace stampede
