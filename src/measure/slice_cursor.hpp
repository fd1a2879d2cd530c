#pragma once

#include <algorithm>
#include <cstddef>

#include "stampede/stats/slices.hpp"

namespace stampede {

/// Finds the slice of an instant, at once when it is the open one. Slice i holds the instants from
/// boundary i up to, but without, boundary i+1; the last one holds the end of the run as well.
class SliceCursor {
 public:
  explicit SliceCursor(const SliceGrid& grid) : grid_(grid) { move_to(0); }

  const SliceGrid& grid() const { return grid_; }
  /// The number of closed slices, which is the index of the open one.
  std::size_t open() const { return open_; }
  void advance() { move_to(open_ + 1); }

  std::size_t slice_of(Time at) const {
    if (at >= begin_ && at < end_) [[likely]] {
      return open_;
    }
    const Time next = Time::from_start(Duration::nanoseconds(at.ns() + 1));
    return std::min(grid_.first_from(next), grid_.count()) - 1;
  }

 private:
  void move_to(std::size_t slice) {
    open_ = slice;
    begin_ = grid_.boundary(std::min(slice, grid_.count()));
    end_ = grid_.boundary(std::min(slice + 1, grid_.count()));
  }

  SliceGrid grid_;
  std::size_t open_ = 0;
  Time begin_;
  Time end_;
};

}  // namespace stampede
