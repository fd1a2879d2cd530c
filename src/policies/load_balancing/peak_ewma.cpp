#include <algorithm>
#include <cmath>
#include <vector>

#include "stampede/model/load_balancing.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

using namespace literals;

struct PeakEwmaSettings {
  Duration decay_time = 10_s;
  Duration default_rtt = 10_ms;
};

void describe(Visitor& v, PeakEwmaSettings& s) {
  v.field("decay_time", s.decay_time, "after this long 63 % of a remembered latency is forgotten",
          at_least(1_ns));
  v.field("default_rtt", s.default_rtt, "the latency supposed of an idle backend never heard of",
          at_least(0_ns));
}

/// What a backend with requests in flight and without any answer so far is supposed to take: it may
/// be dead, so everybody else comes first.
constexpr double unanswered_rtt = 1e12;

/// The cheaper of two random backends, where cost is what they lately took times what they have to
/// do. Latency is Finagle's peak EWMA (PeakEwma.scala): a worse one counts at once, a better one as
/// time passes, and what is not heard of for long is forgotten, so that a backend that was slow is
/// tried again. Envoy's extension of the same name gave the two distinct draws and the default
/// latency. Every answer counts with its time, a quick failure too: a backend that fails fast draws
/// traffic, as it does upstream. Weights, which upstream ignores, divide the cost.
class PeakEwma final : public LoadBalancingPolicy {
 public:
  PeakEwma(const PeakEwmaSettings& settings, const Context& context)
      : decay_time_(static_cast<double>(settings.decay_time.ns())),
        default_rtt_(static_cast<double>(settings.default_rtt.ns())),
        random_(context.random) {}

  /// Among equal backends latency tells little that requests in flight do not.
  static Theory theory(const PeakEwmaSettings&) {
    return {.kind = Split::Kind::least_loaded, .choices = 2};
  }

  BackendSlot choose(const BackendView& view, const Request&, Time now) override {
    const std::uint64_t n = view.eligible().size();
    if (n == 1) {
      return view.eligible().front();
    }
    const std::uint64_t i = random_.below(n);
    const std::uint64_t j = random_.below(n - 1);
    const BackendSlot first = view.eligible()[i];
    const BackendSlot second = view.eligible()[j < i ? j : j + 1];
    return cost(second, view, now) < cost(first, view, now) ? second : first;
  }

  void eligible_changed(const BackendView& view) override {
    latencies_.resize(std::max(latencies_.size(), view.eligible().back() + std::size_t{1}));
  }

  void ended(BackendSlot slot, const BackendView&, Outcome, Duration latency, Time now) override {
    if (slot < latencies_.size()) {
      observe(latencies_[slot], static_cast<double>(latency.ns()), now);
    }
  }

 private:
  struct Latency {
    bool known = false;
    double peak = 0;  // nanoseconds, as of `at`
    Time at;
  };

  void observe(Latency& latency, double rtt, Time now) const {
    if (!latency.known || rtt > latency.peak) {
      latency.peak = rtt;
    } else {
      const double kept = kept_share(latency, now);
      latency.peak = kept * latency.peak + (1 - kept) * rtt;
    }
    latency.known = true;
    latency.at = now;
  }

  double cost(BackendSlot slot, const BackendView& view, Time now) const {
    return rtt(latencies_[slot], view[slot], now) * (view[slot].in_flight + 1.0) /
           view[slot].weight;
  }

  double rtt(const Latency& latency, const Backend& backend, Time now) const {
    if (latency.known) {
      return kept_share(latency, now) * latency.peak;
    }
    return backend.in_flight == 0 ? default_rtt_ : unanswered_rtt;
  }

  /// The last bit of exp may differ between processors; it decides only between costs that are
  /// equal to sixteen digits.
  double kept_share(const Latency& latency, Time now) const {
    return std::exp(-static_cast<double>((now - latency.at).ns()) / decay_time_);
  }

  double decay_time_;   // nanoseconds
  double default_rtt_;  // nanoseconds
  Draw random_;
  std::vector<Latency> latencies_;  // by slot
};

const Register<LoadBalancingPolicy, PeakEwma, PeakEwmaSettings> registered{
    "peak_ewma", "the cheaper of two random backends by recent latency times requests in flight"};

}  // namespace
}  // namespace stampede
