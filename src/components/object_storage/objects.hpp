#pragma once

#include <tsl/robin_map.h>

#include <array>

#include "components/object_storage/settings.hpp"
#include "stampede/base/hash.hpp"

namespace stampede {

/// Which objects there are, how big and how old each is, and so in which tier it lies. Only those
/// take memory that were written, removed or brought back: of the others, size and age follow from
/// the key.
class Objects {
 public:
  struct Object {
    bool exists = false;
    Bytes size;      ///< 0 if nobody said
    Duration since;  ///< from when on its age counts, after the beginning of the run
  };
  using BytesByTier = std::array<std::int64_t, tier_count>;

  Objects(const ObjectStorageSettings& settings, const Stream& sizes, const Stream& ages)
      : settings_(settings), sizes_(sizes), ages_(ages) {}

  Object of(std::uint64_t key) const {
    const auto found = changed_.find(key);
    if (found != changed_.end()) {
      return found->second;
    }
    if (key >= settings_.objects.count) {
      return Object();
    }
    Draw size = sizes_.at(key);
    Draw age = ages_.at(key);
    return {true, settings_.objects.size.sample(size),
            Duration() - settings_.objects.age.sample(age)};
  }
  /// As the rule found it when it was last applied, unless it was touched since then.
  Tier tier_of(const Object& object) const {
    if (!settings_.lifecycle) {
      return Tier::hot;
    }
    const LifecycleSettings& rule = *settings_.lifecycle;
    const Duration age = applied_ - object.since;
    if (rule.to_archive && age >= *rule.to_archive) {
      return Tier::archive;
    }
    return rule.to_cool && age >= *rule.to_cool ? Tier::cool : Tier::hot;
  }

  void set(std::uint64_t key, const Object& object) { changed_[key] = object; }

  void apply_rule(Duration now) { applied_ = now; }
  /// Looks at every object, unless all that were never changed are alike.
  BytesByTier bytes_by_tier() const {
    BytesByTier bytes{};
    const auto add = [&](const Object& object) {
      if (object.exists) {
        bytes[static_cast<std::size_t>(tier_of(object))] +=
            static_cast<std::int64_t>(object.size.count);
      }
    };
    const std::uint64_t count = settings_.objects.count;
    const Distribution<Bytes>& size = settings_.objects.size;
    const bool are_alike = size.is_constant() && (size.is_zero() || !settings_.lifecycle);
    std::uint64_t unchanged = count;
    for (const auto& [key, object] : changed_) {  // a sum, whatever their order
      if (are_alike || key >= count) {
        add(object);
      }
      unchanged -= key < count ? 1 : 0;
    }
    if (are_alike) {
      bytes[static_cast<std::size_t>(Tier::hot)] +=
          static_cast<std::int64_t>(unchanged) * static_cast<std::int64_t>(size.mean());
      return bytes;
    }
    for (std::uint64_t key = 0; key < count; ++key) {
      add(of(key));
    }
    return bytes;
  }

 private:
  struct Mix {
    std::size_t operator()(std::uint64_t key) const { return mix(key); }
  };
  const ObjectStorageSettings& settings_;
  Stream sizes_;
  Stream ages_;
  tsl::robin_map<std::uint64_t, Object, Mix> changed_;
  Duration applied_;  ///< when the rule was last, after the beginning of the run
};

}  // namespace stampede
