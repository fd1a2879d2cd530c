#pragma once

#include <deque>
#include <utility>

#include "stampede/model/measures.hpp"
#include "stampede/stats/slices.hpp"

namespace stampede {

/// What one component measures of its own, in slices. Only what it asked for a handle of is there.
class OwnMeasures {
 public:
  struct Count {
    explicit Count(const Measure& measure) : measure(measure) {}
    const Measure& measure;
    Tally tally;
    std::int64_t put_down = 0;  ///< of the tally, in the slices that are closed
    SlicedCount slices;
  };
  struct Level final : Gauge {
    explicit Level(const Measure& measure) : measure(measure) {}
    void change(Time now, std::int64_t by) override { slices.change(now, by); }
    const Measure& measure;
    SlicedLevel slices;
  };
  struct Times final : Timing {
    explicit Times(const Measure& measure) : measure(measure) {}
    void took(Duration time) override { slices.record(time.ns()); }
    const Measure& measure;
    SlicedHistogram slices;
  };

  Tally& tally(const Measure& measure) { return find_or_add(counts_, measure).tally; }
  Gauge& gauge(const Measure& measure) { return find_or_add(levels_, measure); }
  Timing& timing(const Measure& measure) { return find_or_add(times_, measure); }

  void close_slice(Time boundary) {
    ++closed_;
    for (Count& count : counts_) {
      count.slices.add(count.tally.total() - count.put_down);
      count.slices.close_slice();
      count.put_down = count.tally.total();
    }
    for (Level& level : levels_) {
      level.slices.close_slice(boundary);
    }
    for (Times& times : times_) {
      times.slices.close_slice();
    }
  }

  /// Null if the component never asked for it.
  const SlicedCount* count(const Measure& measure) const { return slices_of(counts_, measure); }
  const SlicedLevel* level(const Measure& measure) const { return slices_of(levels_, measure); }
  const SlicedHistogram* times(const Measure& measure) const { return slices_of(times_, measure); }

 private:
  template <class Kept>
  Kept& find_or_add(std::deque<Kept>& all, const Measure& measure) {
    for (Kept& kept : all) {
      if (&kept.measure == &measure) {
        return kept;
      }
    }
    Kept& added = all.emplace_back(measure);
    for (std::size_t i = 0; i < closed_; ++i) {
      close_empty(added.slices);
    }
    return added;
  }
  template <class Slices>
  static void close_empty(Slices& slices) {
    if constexpr (requires { slices.close_slice(); }) {
      slices.close_slice();
    } else {
      slices.close_slice(Time());
    }
  }
  template <class Kept>
  static auto slices_of(const std::deque<Kept>& all, const Measure& measure)
      -> decltype(&all.front().slices) {
    for (const Kept& kept : all) {
      if (&kept.measure == &measure) {
        return &kept.slices;
      }
    }
    return nullptr;
  }

  std::size_t closed_ = 0;  ///< slices
  std::deque<Count> counts_;
  std::deque<Level> levels_;
  std::deque<Times> times_;
};

}  // namespace stampede
