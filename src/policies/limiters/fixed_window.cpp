#include "policies/limiters/counting.hpp"

namespace stampede {
namespace {

struct FixedWindowSettings {
  std::int64_t limit = 1;
  Duration window = Duration::nanoseconds(1'000'000'000);
  CountingSettings counting;
};
void describe(Visitor& v, FixedWindowSettings& s) {
  v.field("limit", s.limit, "requests that come in within each window", required(),
          at_least<std::int64_t>(1));
  v.field("window", s.window, "its length; windows begin at multiples of it, for everybody at once",
          required(), more_than(Duration()));
  describe_counting(v, s.counting);
}

/// A count that begins anew with each window: twice the limit may come in around its boundary.
class FixedWindow {
 public:
  explicit FixedWindow(const FixedWindowSettings& settings) : settings_(&settings) {}

  bool take(Time now) {
    move_to(now);
    if (count_ >= settings_->limit) {
      return false;
    }
    ++count_;
    return true;
  }
  void add(std::int64_t n, Time now) {
    move_to(now);
    count_ += n;
  }

 private:
  void move_to(Time now) {
    if (now >= end_) {
      const std::int64_t length = settings_->window.ns();
      end_ = Time::from_start(Duration::nanoseconds((now.ns() / length + 1) * length));
      count_ = 0;
    }
  }

  const FixedWindowSettings* settings_;
  Time end_;  ///< of the window that is counted
  std::int64_t count_ = 0;
};

const LimiterMeasures measures{"fixed_window"};
const Register<RequestLimiter, CountingLimiter<FixedWindow, FixedWindowSettings>,
               FixedWindowSettings>
    registered{"fixed_window", "so many requests from one multiple of a time to the next"};

}  // namespace
}  // namespace stampede
