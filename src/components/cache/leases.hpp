#pragma once

#include <tsl/robin_map.h>

#include <cstdint>

#include "stampede/base/hash.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// Who may fill in which missing item (Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013,
/// 3.2.1): the first reader that misses it, alone, until that reader is overdue or the item is
/// written or removed by another. A fill that comes too late is refused, so that what was read
/// before a write does not stay in the cache after it.
class Leases {
 public:
  /// Asked by a reader that missed; tells whether that reader is the one to fill in the item.
  bool grant(std::uint64_t key, const Request& reader, Time now, Duration length) {
    Lease& lease = leases_[key];
    if (lease.until > now && lease.holder != name_of(reader)) {
      return false;
    }
    lease = {.holder = name_of(reader), .until = now + length};
    return true;
  }

  /// A fill has come under a lease; tells whether the lease is still good. It is over in any case.
  bool redeem(std::uint64_t key, const Request& fill) {
    const auto lease = leases_.find(key);
    if (lease == leases_.end() || lease->second.holder != name_of(fill)) {
      return false;
    }
    leases_.erase(lease);
    return true;
  }

  void revoke(std::uint64_t key) {
    if (!leases_.empty()) {
      leases_.erase(key);
    }
  }
  void clear() { leases_.clear(); }

 private:
  struct Lease {
    std::uint64_t holder = 0;
    Time until;
  };

  /// The get and the fill of one user request have no more than that in common.
  static std::uint64_t name_of(const Request& request) {
    return combine(request.population, request.id);
  }

  tsl::robin_map<std::uint64_t, Lease> leases_;
};

}  // namespace stampede
