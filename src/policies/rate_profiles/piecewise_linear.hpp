#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "policies/rate_profiles/later.hpp"
#include "stampede/base/require.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/arrivals.hpp"

namespace stampede {

/// A rate that goes straight from point to point and stays as it is after the last. Two points at
/// one instant are a step.
class PiecewiseLinear : public RateProfile {
 public:
  struct Point {
    Duration at;
    double per_second;
  };

  /// Points in the order of time; before the first one the rate is the first one's.
  explicit PiecewiseLinear(const std::vector<Point>& points) {
    require(!points.empty(), "a rate profile without points");
    Point last{Duration(), points.front().per_second};
    for (const Point& point : points) {
      if (point.at > last.at) {
        add(last, point);
      }
      last = point;
    }
    pieces_.push_back({last.at, std::numeric_limits<double>::infinity(), last.per_second * 1e-9,
                       last.per_second * 1e-9, events_until_end_});
  }

  double rate(Time at) const final {
    const Piece& piece = pieces_[piece_at(at.since_start())];
    return piece.rate_after(offset(piece, at.since_start())) * 1e9;
  }

  Time after(Time from, double events) const final {
    if (events <= 0) {
      return from;
    }
    std::size_t i = piece_at(from.since_start());
    double begin = offset(pieces_[i], from.since_start());
    // The last piece never ends, though it may bring nothing.
    if (i + 1 < pieces_.size() && events > pieces_[i].events_from(begin)) {
      events -= pieces_[i].events_from(begin);
      const double passed = pieces_[i + 1].events_before;
      i = piece_with_event(passed + events);
      events -= pieces_[i].events_before - passed;
      begin = 0;
    }
    return later(Time::from_start(pieces_[i].begin), begin + pieces_[i].time_for(begin, events));
  }

 private:
  /// Times are in nanoseconds from the beginning of the piece, rates in events per nanosecond.
  struct Piece {
    Duration begin;
    double length;
    double first_rate;
    double last_rate;
    double events_before;  ///< since t = 0

    double rate_after(double time) const {
      return length < std::numeric_limits<double>::infinity()
                 ? first_rate + (last_rate - first_rate) * (time / length)
                 : first_rate;
    }
    /// How many events there are from that time to the end of the piece.
    double events_from(double time) const {
      const double rate = rate_after(time);
      return rate + last_rate > 0 ? (rate + last_rate) / 2 * (length - time) : 0;
    }
    /// How long it takes from `begin_time` on to reach so many events, no more than the piece has:
    /// the root of rate·t + slope·t²/2 = events, in the form that does not cancel.
    double time_for(double begin_time, double events) const {
      const double rate = rate_after(begin_time);
      const double slope = last_rate == first_rate ? 0 : (last_rate - first_rate) / length;
      const double root = std::sqrt(std::max(rate * rate + 2 * slope * events, 0.0));
      return std::min(2 * events / (rate + root), length - begin_time);
    }
  };

  void add(const Point& a, const Point& b) {
    const Piece piece{a.at, static_cast<double>((b.at - a.at).ns()), a.per_second * 1e-9,
                      b.per_second * 1e-9, events_until_end_};
    events_until_end_ += piece.events_from(0);
    pieces_.push_back(piece);
  }

  static double offset(const Piece& piece, Duration at) {
    return static_cast<double>((at - piece.begin).ns());
  }

  /// The last piece that begins at or before that time.
  std::size_t piece_at(Duration at) const {
    const auto next =
        std::upper_bound(pieces_.begin() + 1, pieces_.end(), at,
                         [](Duration wanted, const Piece& piece) { return wanted < piece.begin; });
    return static_cast<std::size_t>(next - pieces_.begin()) - 1;
  }

  /// The first piece within which the count since t = 0 reaches `events`.
  std::size_t piece_with_event(double events) const {
    const auto next = std::lower_bound(
        pieces_.begin() + 1, pieces_.end(), events,
        [](const Piece& piece, double wanted) { return piece.events_before < wanted; });
    return static_cast<std::size_t>(next - pieces_.begin()) - 1;
  }

  std::vector<Piece> pieces_;  ///< the last one never ends
  double events_until_end_ = 0;
};

}  // namespace stampede
