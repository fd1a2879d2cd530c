#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/model/limiter.hpp"
#include "stampede/schema/schema.hpp"

// What limiters have in common that count requests: whose requests are counted together, and by
// whom.

namespace stampede {

enum class CountPer { all, user, tenant, request_type };
inline const EnumNames<CountPer>& names(CountPer) {
  static const EnumNames<CountPer> table{{{CountPer::all, "all"},
                                          {CountPer::user, "user"},
                                          {CountPer::tenant, "tenant"},
                                          {CountPer::request_type, "request_type"}}};
  return table;
}

enum class CountScope { local, shared };
inline const EnumNames<CountScope>& names(CountScope) {
  static const EnumNames<CountScope> table{
      {{CountScope::local, "local"}, {CountScope::shared, "shared"}}};
  return table;
}

struct CountingSettings {
  CountPer per = CountPer::all;
  CountScope scope = CountScope::local;
  std::optional<Duration> sync_interval;
};
inline void declare_counted_for(Visitor& v, CountPer per) {
  if (per == CountPer::user) {
    v.declare(CountsUsers{});
  } else if (per == CountPer::tenant) {
    v.declare(CountsTenants{});
  }
}
/// Adds the fields `per`, `scope` and `sync_interval`.
inline void describe_counting(Visitor& v, CountingSettings& s) {
  v.field("per", s.per,
          "whose requests are counted together: all of them, or each user's, each tenant's or each "
          "request type's apart (users of populations without tenants are one tenant)");
  v.field("scope", s.scope,
          "local: each instance counts what comes to it; shared: all instances of the component "
          "count together, as in a store that answers at once");
  v.field("sync_interval", s.sync_interval,
          "how often instances that count together tell each other; in between each adds its own "
          "to what was told last; without it, they always know",
          more_than(Duration()));
  declare_counted_for(v, s.per);
  v.check(!s.sync_interval || s.scope == CountScope::shared, "sync_interval",
          "needs scope: shared");
}

/// Whose request it is, by a number.
inline std::uint64_t counted_for(CountPer per, const Request& request, const Tenants* tenants) {
  switch (per) {
    case CountPer::all:
      break;
    case CountPer::user:
      return combine(request.population, request.user);
    case CountPer::tenant:
      return tenants == nullptr ? 0 : tenants->tenant_of(request);
    case CountPer::request_type:
      return request.type;
  }
  return 0;
}

/// The counts of one limiter. A Count is made of the limiter's Settings, and copied: into what all
/// instances share, where it outlives the limiter, but not the settings as the component has them.
/// Its `bool take(Time)` counts a request if it may still come in, its `void add(std::int64_t n,
/// Time)` counts so many whether they may or not.
template <class Count, class Settings>
class Counts {
 public:
  Counts(const Settings& settings, const CountingSettings& counting,
         const RequestLimiter::Context& context)
      : settings_(settings), counting_(counting), tenants_(context.tenants) {
    if (counting.scope == CountScope::shared) {
      if (!context.shared) {
        context.shared = std::make_shared<Shared>();
      }
      shared_ = std::static_pointer_cast<Shared>(context.shared);
      if (counting.sync_interval) {
        shared_->members.push_back(&own_);
      }
    }
    if (counting.per == CountPer::all && !counting.sync_interval) {
      everybody_ = &of(shared_ ? shared_->counts : own_, 0, settings_).count;
    }
  }
  Counts(const Counts&) = delete;
  /// What it had not told yet dies with it.
  ~Counts() {
    if (counting_.sync_interval) {
      std::erase(shared_->members, &own_);
    }
  }

  bool take(const Request& request, Time now) {
    if (everybody_ != nullptr) {
      return everybody_->take(now);
    }
    const std::uint64_t whose = counted_for(counting_.per, request, tenants_);
    if (counting_.sync_interval) {
      return take_between_syncs(whose, now);
    }
    return of(shared_ ? shared_->counts : own_, whose, settings_).count.take(now);
  }

 private:
  struct Entry {
    explicit Entry(const Count& count) : count(count) {}
    Count count;
    std::int64_t untold = 0;  ///< taken since the last synchronisation
  };
  using Table = std::unordered_map<std::uint64_t, Entry>;
  struct Shared {
    Table counts;
    std::vector<Table*> members;
    std::int64_t syncs = 0;  ///< how many intervals had passed at the last one
  };

  static Entry& of(Table& table, std::uint64_t whose, const Settings& settings) {
    const auto found = table.find(whose);
    return found != table.end() ? found->second
                                : table.emplace(whose, Entry(Count(settings))).first->second;
  }

  bool take_between_syncs(std::uint64_t whose, Time now) {
    const std::int64_t syncs = now.ns() / counting_.sync_interval->ns();
    if (syncs > shared_->syncs) {
      // All that is untold was taken before the first of the synchronisations since the last one.
      synchronise(Time::from_start(*counting_.sync_interval * (shared_->syncs + 1)));
      shared_->syncs = syncs;
    }
    auto found = own_.find(whose);
    if (found == own_.end()) {
      found = own_.emplace(whose, of(shared_->counts, whose, settings_)).first;
    }
    const bool is_taken = found->second.count.take(now);
    found->second.untold += is_taken ? 1 : 0;
    return is_taken;
  }

  /// All members at once, by the first that is asked after the instant of it; what they took was
  /// before.
  void synchronise(Time instant) {
    for (Table* member : shared_->members) {
      for (auto& [whose, entry] : *member) {
        if (entry.untold > 0) {
          of(shared_->counts, whose, settings_)
              .count.add(entry.untold, instant - Duration::nanoseconds(1));
        }
      }
      member->clear();
    }
  }

  const Settings& settings_;
  CountingSettings counting_;
  const Tenants* tenants_;
  Table own_;
  std::shared_ptr<Shared> shared_;
  Count* everybody_ = nullptr;  ///< the only count, if there is but one and it is always up to date
};

/// A limiter that counts and rejects what is too much as rate_limited.
template <class Count, class Settings>
class CountingLimiter final : public RequestLimiter {
 public:
  CountingLimiter(const Settings& settings, const Context& context)
      : counts_(settings, settings.counting, context) {}

  Outcome admit(const Request& request, Time now) override {
    return counts_.take(request, now) ? Outcome::ok : Outcome::rejected_rate_limited;
  }

 private:
  Counts<Count, Settings> counts_;
};

}  // namespace stampede
