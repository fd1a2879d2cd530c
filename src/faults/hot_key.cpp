#include "stampede/model/component.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct HotKeySettings {
  FaultTimes times;
  std::string traffic;
  Ratio share;
  std::uint64_t key = 0;
  std::string type;
};
void describe(Visitor& v, HotKeySettings& s) {
  describe_times(v, s.times);
  v.field("traffic", s.traffic, "whose users all want the same", required());
  v.field("share", s.share, "share of its requests that ask for that key", required(),
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.field("key", s.key, "the number of the key");
  v.field("type", s.type, "only requests of this type");
  v.declare(TouchesTraffic{.traffic = s.traffic});
  if (!s.type.empty()) {
    v.declare(TouchesType{.type = s.type, .traffic = s.traffic});
  }
}

/// A celebrity, a sale of one thing: the number of requests is what it was, but they meet.
class HotKey final : public Fault {
 public:
  HotKey(const HotKeySettings& settings, const Context& context)
      : Fault(settings.times),
        traffic_(context.traffic_called(settings.traffic)),
        settings_(settings),
        stream_(context.stream("share")) {
    if (!settings.type.empty()) {
      type_ = context.request_types.find(settings.type);
    }
  }

  std::string whom() const override { return traffic_.name; }
  std::unique_ptr<Disturbance> strike(const Strike&) override {
    auto heat = std::make_unique<Heat>(*this);
    traffic_.population.change_keys(*heat);
    return heat;
  }

 private:
  struct Heat final : Disturbance, KeyChange {
    explicit Heat(const HotKey& fault) : fault(fault) {}
    std::optional<std::uint64_t> key(const Request& request) override {
      return fault.key_of(request);
    }
    const HotKey& fault;
  };

  std::optional<std::uint64_t> key_of(const Request& request) const {
    if (type_ && *type_ != request.type) {
      return std::nullopt;
    }
    Draw draw = stream_.at(request.luck);
    return draw.chance(settings_.share.value) ? std::optional(settings_.key) : std::nullopt;
  }

  const DisturbedTraffic& traffic_;
  HotKeySettings settings_;
  std::optional<RequestTypeId> type_;
  Stream stream_;
};

const Register<Fault, HotKey, HotKeySettings> registered{
    "hot_key", "a share of the requests of a population ask for the same key"};

}  // namespace
}  // namespace stampede
