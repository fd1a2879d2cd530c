#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stampede/base/int128.hpp"
#include "stampede/base/require.hpp"
#include "stampede/base/units.hpp"
#include "stampede/stats/summary.hpp"

/// Measures kept in time slices, so that a warm-up found after the run, or any other window, can be
/// cut out without a second run.
///
/// The owner closes every measure's slice at each boundary of the grid, in order; what is recorded
/// in between needs no time. Ranges of slices are half-open, [first, end), and hold closed slices
/// only. A measure that does not change costs nothing per slice.

namespace stampede {

/// Where the slices begin and end: all of one length from t = 0, the last one cut at the run's end.
class SliceGrid {
 public:
  /// `run` and `slice` are longer than zero.
  SliceGrid(Duration run, Duration slice) : run_(run), slice_(slice) {
    require(run.ns() > 0 && slice.ns() > 0, "a run and its slices take time");
  }

  std::size_t count() const { return static_cast<std::size_t>((run_.ns() - 1) / slice_.ns() + 1); }
  /// Boundary 0 is the start of the run, boundary `count()` its end.
  Time boundary(std::size_t index) const {
    require(index <= count(), "no such slice boundary");
    return Time::from_start(index == count() ? run_ : slice_ * static_cast<std::int64_t>(index));
  }
  Duration length(std::size_t first, std::size_t end) const {
    return boundary(end) - boundary(first);
  }
  /// The first slice that holds nothing from before `instant`; `count()` when there is none.
  std::size_t first_from(Time instant) const {
    if (instant.ns() <= 0) {
      return 0;
    }
    return std::min(count(), static_cast<std::size_t>((instant.ns() - 1) / slice_.ns() + 1));
  }

 private:
  Duration run_;
  Duration slice_;
};

/// One value for each closed slice, stored only where it differs from the slice before. A default
/// `Value` stands before the first slice.
template <class Value>
class SliceRuns {
 public:
  void close(const Value& value) {
    const bool repeats = runs_.empty() ? value == Value{} : value == runs_.back().value;
    if (!repeats) {
      runs_.push_back({size_, value});
    }
    ++size_;
  }

  /// The number of closed slices.
  std::size_t size() const { return size_; }

  Value at(std::size_t slice) const {
    Value found{};
    for_each(slice, slice + 1, [&](const Value& value, std::size_t) { found = value; });
    return found;
  }

  /// Calls visit(value, repeats) for the slices of [first, end), equal neighbours together. Slices
  /// with the default value before the first other one are left out.
  template <class Visit>
  void for_each(std::size_t first, std::size_t end, Visit visit) const {
    require(first <= end && end <= size_, "only closed slices can be read");
    auto run = std::upper_bound(runs_.begin(), runs_.end(), first,
                                [](std::size_t slice, const Run& r) { return slice < r.first; });
    if (run != runs_.begin()) {
      --run;
    }
    for (; run != runs_.end() && run->first < end; ++run) {
      const auto next = run + 1;
      const std::size_t run_end = next == runs_.end() ? end : std::min(next->first, end);
      const std::size_t run_begin = std::max(run->first, first);
      if (run_begin < run_end) {
        visit(run->value, run_end - run_begin);
      }
    }
  }

 private:
  struct Run {
    std::size_t first;
    Value value;
  };
  std::vector<Run> runs_;
  std::size_t size_ = 0;
};

/// How often something happened, by slice.
class SlicedCount {
 public:
  void add(std::int64_t n = 1) { current_ += n; }
  void close_slice() {
    slices_.close(current_);
    current_ = 0;
  }

  std::size_t slice_count() const { return slices_.size(); }
  std::int64_t in_slice(std::size_t slice) const { return slices_.at(slice); }
  std::int64_t total(std::size_t first, std::size_t end) const;

 private:
  std::int64_t current_ = 0;
  SliceRuns<std::int64_t> slices_;
};

/// What a level did over some slices.
struct LevelTotals {
  /// Level times nanoseconds, exactly: divided by the length it is the time average.
  Int128 area = 0;
  /// The highest level that was held, however shortly; never below 0.
  std::int64_t max = 0;

  /// NaN over no time.
  double mean_over(Duration length) const;
};

/// An integer level over time, such as a queue's length or the number of busy workers, by slice. It
/// is 0 at t = 0.
class SlicedLevel {
 public:
  /// The level moves by `delta` at `now`, never before the last change or boundary.
  void change(Time now, std::int64_t delta) {
    changes_at_ += static_cast<Int128>(delta) * now.ns();
    level_ += delta;
    max_ = std::max(max_, level_);
  }
  /// One more and at once one less.
  void blip() { max_ = std::max(max_, level_ + 1); }
  void close_slice(Time boundary) {
    // A change by d at t adds d·(T - t) to the area until T: over all of them, level·T - Σ d·t.
    const Int128 area = static_cast<Int128>(level_) * boundary.ns() - changes_at_;
    slices_.close({area - closed_area_, max_, level_});
    closed_area_ = area;
    max_ = level_;
  }

  /// The level at this moment.
  std::int64_t level() const { return level_; }

  std::size_t slice_count() const { return slices_.size(); }
  LevelTotals in_slice(std::size_t slice) const { return totals(slice, slice + 1); }
  LevelTotals totals(std::size_t first, std::size_t end) const;
  /// The level at boundary `index`, before any change at or after its closing; 0 at boundary 0.
  std::int64_t at_boundary(std::size_t index) const {
    return index == 0 ? 0 : slices_.at(index - 1).level;
  }

 private:
  struct Slice {
    Int128 area = 0;
    std::int64_t max = 0;
    std::int64_t level = 0;
    friend bool operator==(const Slice&, const Slice&) = default;
  };

  std::int64_t level_ = 0;
  std::int64_t max_ = 0;
  Int128 changes_at_ = 0;   ///< sum of each change times its instant in ns
  Int128 closed_area_ = 0;  ///< until the last boundary
  SliceRuns<Slice> slices_;
};

/// Non-negative integer values (latencies in nanoseconds), by slice. Only the open slice is a dense
/// histogram; closed ones keep 6 bytes for each bucket that was hit.
class SlicedHistogram {
 public:
  /// Counts one value ≥ 0.
  void record(std::int64_t value) { current_.record(value); }
  void record_zeros(std::int64_t times) { current_.record_zeros(times); }
  /// Counts all of these values.
  void record(const Summary& values) { current_.merge(values); }
  void close_slice();

  std::size_t slice_count() const { return slices_.size(); }
  /// Count and exact sums of one slice, without building its histogram.
  Moments in_slice(std::size_t slice) const { return slices_.at(slice).moments; }
  Moments moments(std::size_t first, std::size_t end) const;
  /// All that was recorded in the slices, as if it had never been cut.
  Summary merged(std::size_t first, std::size_t end) const;

 private:
  struct Slice {
    Moments moments;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::size_t first_cell = 0;
    std::size_t end_cell = 0;
    // Slices that hold values differ in their cells; all empty ones are equal.
    friend bool operator==(const Slice& a, const Slice& b) {
      return a.first_cell == b.first_cell && a.end_cell == b.end_cell;
    }
  };

  Summary current_;
  HistogramCells cells_;
  SliceRuns<Slice> slices_;
};

}  // namespace stampede
