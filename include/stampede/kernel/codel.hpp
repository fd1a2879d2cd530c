#pragma once

#include <cmath>
#include <cstdint>

#include "stampede/base/units.hpp"

namespace stampede {

/// How long waiting may last before it is taken for a standing queue, and for how long it must have
/// lasted that long.
struct DelayTarget {
  Duration target = Duration::nanoseconds(5'000'000);
  Duration interval = Duration::nanoseconds(100'000'000);
};

/// Controlled Delay: Nichols, Jacobson, McGregor and Iyengar, RFC 8289 (2018), after ACM Queue 10
/// (2012), with its names and in the order of its pseudocode. When everybody who left the line in a
/// whole `interval` had waited for more than `target`, one is dropped, and more of them at
/// intervals that shrink with the square root of their count, until somebody has waited less.
///
/// Theirs is a line of packets, and with less than one packet's worth of bytes in it nothing is
/// dropped; here, the last in line is never dropped.
class CoDel {
 public:
  explicit CoDel(DelayTarget settings) : settings_(settings) {}

  /// Whether the one at the head of the line is dropped, who leaves it now after `sojourn`.
  bool drops(Time now, Duration sojourn, bool is_last) {
    const bool ok_to_drop = is_above_for_long(now, sojourn, is_last);
    if (is_dropping_) {
      return goes_on_dropping(now, ok_to_drop);
    }
    if (!ok_to_drop) {
      return false;
    }
    is_dropping_ = true;
    // Where dropping began again soon, it goes on at about the pace that helped.
    const std::int64_t delta = count_ - last_count_;
    count_ = delta > 1 && now - drop_next_ < settings_.interval * 16 ? delta : 1;
    last_count_ = count_;
    drop_next_ = control_law(now);
    return true;
  }

 private:
  bool goes_on_dropping(Time now, bool ok_to_drop) {
    if (!ok_to_drop) {
      is_dropping_ = false;
      has_dropped_ = false;
      return false;
    }
    if (has_dropped_) {
      drop_next_ = control_law(drop_next_);
      has_dropped_ = false;
    }
    if (now < drop_next_) {
      return false;
    }
    ++count_;
    has_dropped_ = true;
    return true;
  }

  bool is_above_for_long(Time now, Duration sojourn, bool is_last) {
    if (sojourn < settings_.target || is_last) {
      is_above_ = false;
      return false;
    }
    if (!is_above_) {
      is_above_ = true;
      first_above_time_ = now + settings_.interval;
      return false;
    }
    return now >= first_above_time_;
  }

  Time control_law(Time t) const {
    return t + settings_.interval.scaled(1 / std::sqrt(static_cast<double>(count_)));
  }

  DelayTarget settings_;
  bool is_above_ = false;
  bool is_dropping_ = false;
  bool has_dropped_ = false;     ///< the one before, and drop_next_ is still that one's
  std::int64_t count_ = 0;       ///< of drops, since dropping began
  std::int64_t last_count_ = 0;  ///< with which it began
  Time first_above_time_;
  Time drop_next_;
};

}  // namespace stampede
