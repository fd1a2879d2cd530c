#include <deque>

#include "faults/paths.hpp"

namespace stampede {
namespace {

struct NetworkDelaySettings {
  FaultTimes times;
  PathsSettings paths;
  Distribution<Duration> latency;
  Duration jitter;
  Ratio toxicity{1};
};
void describe(Visitor& v, NetworkDelaySettings& s) {
  describe_times(v, s.times);
  describe_paths(v, s.paths);
  v.field("latency", s.latency, "messages are so much longer on their way", required());
  v.field("jitter", s.jitter, "and up to so much more, each time within it as likely",
          at_least(Duration()));
  v.field("toxicity", s.toxicity, "the share of messages that it touches", more_than(Ratio{0}),
          at_most(Ratio{1}));
}

/// Messages that are sent while it lasts; each has its own luck, so that they may overtake.
class NetworkDelay final : public Fault {
 public:
  NetworkDelay(const NetworkDelaySettings& settings, const Context& context)
      : Fault(settings.times),
        network_(context.network),
        paths_(paths_of(settings.paths, context.network.geography())),
        settings_(settings),
        stream_(context.stream("delay")) {}

  std::string whom() const override { return text_of(settings_.paths); }
  std::unique_ptr<Disturbance> strike(const Strike&) override {
    auto delays = std::make_unique<Delays>();
    for (const auto& [from, to] : paths_) {
      Delay& delay = delays->delays.emplace_back(*this);
      delays->holds.add(network_.controls(from, to).delay(delay));
    }
    return delays;
  }

 private:
  /// Of one path.
  struct Delay final : AddedLatency {
    explicit Delay(const NetworkDelay& fault) : fault(fault) {}
    Duration of(std::uint64_t luck) override { return fault.latency_of(luck); }
    const NetworkDelay& fault;
  };
  struct Delays final : Disturbance {
    std::deque<Delay> delays;
    Holding holds;
  };

  Duration latency_of(std::uint64_t luck) const {
    Draw draw = stream_.at(luck);
    if (settings_.toxicity.value < 1 && !draw.chance(settings_.toxicity.value)) {
      return {};
    }
    const Duration latency = settings_.latency.sample(draw);
    if (settings_.jitter.is_zero()) {
      return latency;
    }
    const double part = draw.uniform();
    return latency + Duration::from_nanoseconds(part * static_cast<double>(settings_.jitter.ns()));
  }

  Network& network_;
  std::vector<std::pair<PlaceId, PlaceId>> paths_;
  NetworkDelaySettings settings_;
  Stream stream_;
};

const Register<Fault, NetworkDelay, NetworkDelaySettings> registered{
    "network_delay", "messages are longer on their way"};

}  // namespace
}  // namespace stampede
