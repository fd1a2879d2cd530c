#include <deque>

#include "policies/limiters/counting.hpp"

namespace stampede {
namespace {

enum class SlidingWindowKind { log, counter };
const EnumNames<SlidingWindowKind>& names(SlidingWindowKind) {
  static const EnumNames<SlidingWindowKind> table{
      {{SlidingWindowKind::log, "log"}, {SlidingWindowKind::counter, "counter"}}};
  return table;
}

struct SlidingWindowSettings {
  std::int64_t limit = 1;
  Duration window = Duration::nanoseconds(1'000'000'000);
  SlidingWindowKind method = SlidingWindowKind::counter;
  CountingSettings counting;
};
void describe(Visitor& v, SlidingWindowSettings& s) {
  v.field("limit", s.limit, "requests that come in within every window", required(),
          at_least<std::int64_t>(1), at_most<std::int64_t>(1'000'000));
  v.field("window", s.window, "its length; one ends at every instant", required(),
          more_than(Duration()));
  v.field("method", s.method,
          "log: the instant of each admitted request is kept, which is exact; counter: two counts, "
          "of the window that began at a multiple of its length and of the one before, which is "
          "taken to have come evenly");
  describe_counting(v, s.counting);
}

/// The instants of the requests that came in within the last window.
class InstantLog {
 public:
  bool take(const SlidingWindowSettings& settings, Time now) {
    forget(settings, now);
    if (static_cast<std::int64_t>(instants_.size()) >= settings.limit) {
      return false;
    }
    instants_.push_back(now);
    return true;
  }
  void add(const SlidingWindowSettings& settings, std::int64_t n, Time now) {
    forget(settings, now);
    instants_.insert(instants_.end(), static_cast<std::size_t>(n), now);
  }

 private:
  void forget(const SlidingWindowSettings& settings, Time now) {
    while (!instants_.empty() && now - instants_.front() >= settings.window) {
      instants_.pop_front();
    }
  }

  std::deque<Time> instants_;
};

/// Two counts, as Cloudflare counts (How we built rate limiting capable of scaling to millions of
/// domains, 2017).
class TwoCounts {
 public:
  bool take(const SlidingWindowSettings& settings, Time now) {
    move_to(settings, now);
    const double left =
        static_cast<double>((end_ - now).ns()) / static_cast<double>(settings.window.ns());
    const double estimate = static_cast<double>(before_) * left + static_cast<double>(count_);
    if (estimate + 1 > static_cast<double>(settings.limit)) {
      return false;
    }
    ++count_;
    return true;
  }
  void add(const SlidingWindowSettings& settings, std::int64_t n, Time now) {
    move_to(settings, now);
    count_ += n;
  }

 private:
  void move_to(const SlidingWindowSettings& settings, Time now) {
    if (now >= end_) {
      before_ = now - end_ < settings.window ? count_ : 0;
      count_ = 0;
      const std::int64_t length = settings.window.ns();
      end_ = Time::from_start(Duration::nanoseconds((now.ns() / length + 1) * length));
    }
  }

  Time end_;  ///< of the window that is counted
  std::int64_t count_ = 0;
  std::int64_t before_ = 0;
};

class SlidingWindow {
 public:
  explicit SlidingWindow(const SlidingWindowSettings& settings) : settings_(&settings) {}

  bool take(Time now) {
    return is_log() ? log_.take(*settings_, now) : counts_.take(*settings_, now);
  }
  void add(std::int64_t n, Time now) {
    is_log() ? log_.add(*settings_, n, now) : counts_.add(*settings_, n, now);
  }

 private:
  bool is_log() const { return settings_->method == SlidingWindowKind::log; }

  const SlidingWindowSettings* settings_;
  InstantLog log_;
  TwoCounts counts_;
};

const LimiterMeasures measures{"sliding_window"};
const Register<RequestLimiter, CountingLimiter<SlidingWindow, SlidingWindowSettings>,
               SlidingWindowSettings>
    registered{"sliding_window", "so many requests within any stretch of a time"};

}  // namespace
}  // namespace stampede
