#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/base/units.hpp"

namespace stampede {

/// What a kind of component counts, holds or times besides what all components do. Declared once,
/// beside the settings; the name is the one of result.json, without its unit:
///
///     const Measure hits{"cache", Measure::count, "hits", "reads that were answered from it"};
///     const Measure hit_ratio{"cache", "hit_ratio", "share of reads that were hits", hits, reads};
///
/// and told through a handle that the component takes from its observer (ComponentObserver::tally).
class Measure {
 public:
  enum Form {
    count,  ///< how often something happened
    share,  ///< one count per another, or one level
    level,  ///< how much of something there is, on average over time
    times,  ///< how long something took
  };

  Measure(std::string_view component, Form form, std::string_view name, std::string_view meaning);
  /// The share that `part` is of `whole`; both are counts, or both levels: then of their averages.
  Measure(std::string_view component, std::string_view name, std::string_view meaning,
          const Measure& part, const Measure& whole);
  Measure(const Measure&) = delete;
  Measure& operator=(const Measure&) = delete;

  const std::string& component() const { return component_; }  ///< a kind
  Form form() const { return form_; }
  const std::string& name() const { return name_; }
  const std::string& meaning() const { return meaning_; }
  const Measure& part() const { return *part_; }
  const Measure& whole() const { return *whole_; }

  /// Those of a kind of component, in the order in which they were declared.
  static std::vector<const Measure*> all_of(std::string_view component);
  /// The kinds of component that have any.
  static std::vector<std::string> components();

 private:
  std::string component_;
  Form form_;
  std::string name_;
  std::string meaning_;
  const Measure* part_ = nullptr;
  const Measure* whole_ = nullptr;
};

/// Says that a count or a level shows a detector of failures at work: when it rises, something was
/// noticed. Declared beside the measure:
///
///     const Detector breakers{"circuit_breaker", breakers_open};
class Detector {
 public:
  Detector(std::string_view name, const Measure& shows);
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  const std::string& name() const { return name_; }
  const Measure& shows() const { return shows_; }

  /// Those of a kind of component, in the order in which they were declared.
  static std::vector<const Detector*> all_of(std::string_view component);

 private:
  std::string name_;
  const Measure& shows_;
};

/// Counts.
class Tally {
 public:
  void add(std::int64_t n = 1) { total_ += n; }
  std::int64_t total() const { return total_; }

 private:
  std::int64_t total_ = 0;
};

/// Follows a level that begins at 0.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void change(Time now, std::int64_t by) = 0;
};

/// Takes times.
class Timing {
 public:
  virtual ~Timing() = default;
  virtual void took(Duration time) = 0;
};

}  // namespace stampede
