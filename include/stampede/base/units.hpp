#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace stampede {

/// Thrown when simulated time leaves the range of 64-bit nanoseconds (292 years).
[[noreturn]] void throw_time_overflow();

/// A length of simulated time in whole nanoseconds. Arithmetic is checked for overflow.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration nanoseconds(std::int64_t ns) { return Duration(ns); }
  /// Rounds to the nearest nanosecond; throws when the value does not fit.
  static Duration from_nanoseconds(double ns) {
    if (!(ns > -9.2e18 && ns < 9.2e18)) [[unlikely]] {
      throw_time_overflow();
    }
    return Duration(static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5));
  }
  static Duration from_seconds(double seconds) { return from_nanoseconds(seconds * 1e9); }
  static constexpr Duration max() { return Duration(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t ns() const { return ns_; }
  constexpr double seconds() const { return static_cast<double>(ns_) * 1e-9; }
  constexpr bool is_zero() const { return ns_ == 0; }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend Duration operator+(Duration a, Duration b) {
    std::int64_t sum;
    if (__builtin_add_overflow(a.ns_, b.ns_, &sum)) [[unlikely]] {
      throw_time_overflow();
    }
    return Duration(sum);
  }
  friend Duration operator-(Duration a, Duration b) {
    std::int64_t difference;
    if (__builtin_sub_overflow(a.ns_, b.ns_, &difference)) [[unlikely]] {
      throw_time_overflow();
    }
    return Duration(difference);
  }
  friend Duration operator*(Duration a, std::int64_t factor) {
    std::int64_t product;
    if (__builtin_mul_overflow(a.ns_, factor, &product)) [[unlikely]] {
      throw_time_overflow();
    }
    return Duration(product);
  }
  friend constexpr Duration operator/(Duration a, std::int64_t divisor) {
    return Duration(a.ns_ / divisor);
  }
  Duration& operator+=(Duration other) { return *this = *this + other; }
  Duration& operator-=(Duration other) { return *this = *this - other; }

  /// This length stretched by a factor (a slow-down, jitter), rounded to the nearest nanosecond.
  Duration scaled(double factor) const {
    return from_nanoseconds(static_cast<double>(ns_) * factor);
  }

 private:
  constexpr explicit Duration(std::int64_t ns) : ns_(ns) {}
  std::int64_t ns_ = 0;
};

/// An instant of simulated time, counted from the first instant of traffic.
class Time {
 public:
  constexpr Time() = default;
  static constexpr Time from_start(Duration since_start) { return Time(since_start); }
  static constexpr Time never() { return Time(Duration::max()); }

  constexpr Duration since_start() const { return since_start_; }
  constexpr std::int64_t ns() const { return since_start_.ns(); }
  constexpr double seconds() const { return since_start_.seconds(); }

  friend constexpr auto operator<=>(Time, Time) = default;
  friend Time operator+(Time t, Duration d) { return Time(t.since_start_ + d); }
  friend Time operator-(Time t, Duration d) { return Time(t.since_start_ - d); }
  friend Duration operator-(Time a, Time b) { return a.since_start_ - b.since_start_; }

 private:
  constexpr explicit Time(Duration since_start) : since_start_(since_start) {}
  Duration since_start_;
};

/// An amount of data.
struct Bytes {
  std::uint64_t count = 0;
  friend constexpr auto operator<=>(Bytes, Bytes) = default;
};

/// Events per second.
struct Rate {
  double per_second = 0;
  friend constexpr auto operator<=>(Rate, Rate) = default;
};

/// Bytes per second.
struct Bandwidth {
  double bytes_per_second = 0;
  friend constexpr auto operator<=>(Bandwidth, Bandwidth) = default;
};

/// A share of a whole: 0.25 is 25 %.
struct Ratio {
  double value = 0;
  friend constexpr auto operator<=>(Ratio, Ratio) = default;
};

namespace literals {
constexpr Duration operator""_ns(unsigned long long n) {
  return Duration::nanoseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_us(unsigned long long n) {
  return Duration::nanoseconds(static_cast<std::int64_t>(n) * 1'000);
}
constexpr Duration operator""_ms(unsigned long long n) {
  return Duration::nanoseconds(static_cast<std::int64_t>(n) * 1'000'000);
}
constexpr Duration operator""_s(unsigned long long n) {
  return Duration::nanoseconds(static_cast<std::int64_t>(n) * 1'000'000'000);
}
}  // namespace literals

}  // namespace stampede
