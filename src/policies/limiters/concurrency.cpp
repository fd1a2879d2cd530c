#include "policies/limiters/counting.hpp"

namespace stampede {
namespace {

struct ConcurrencyLimitSettings {
  std::int64_t max_concurrent = 1;
  CountPer per = CountPer::all;
  CountScope scope = CountScope::local;
};
void describe(Visitor& v, ConcurrencyLimitSettings& s) {
  v.shorthand("max_concurrent");
  v.field("max_concurrent", s.max_concurrent,
          "requests that may be inside at a time, those who wait included", required(),
          at_least<std::int64_t>(1));
  v.field("per", s.per,
          "whose requests are counted together: all of them, or each user's, each tenant's or each "
          "request type's apart");
  v.field("scope", s.scope,
          "local: each instance counts what is inside it; shared: all instances of the component "
          "together");
  declare_counted_for(v, s.per);
}

class ConcurrencyLimit final : public RequestLimiter {
 public:
  ConcurrencyLimit(const ConcurrencyLimitSettings& settings, const Context& context)
      : settings_(settings), tenants_(context.tenants) {
    if (settings.scope == CountScope::shared && context.shared) {
      inside_ = std::static_pointer_cast<Inside>(context.shared);
    } else {
      inside_ = std::make_shared<Inside>();
      if (settings.scope == CountScope::shared) {
        context.shared = inside_;
      }
    }
    if (settings.per == CountPer::all) {
      everybody_ = &(*inside_)[0];
    }
  }

  Outcome admit(const Request& request, Time) override {
    std::int64_t& inside = everybody_ != nullptr
                               ? *everybody_
                               : (*inside_)[counted_for(settings_.per, request, tenants_)];
    if (inside >= settings_.max_concurrent) {
      return Outcome::rejected_limit;
    }
    ++inside;
    return Outcome::ok;
  }
  bool follows() const override { return true; }
  void ended(const Request& request, Outcome, Duration, Time) override {
    if (everybody_ != nullptr) {
      --*everybody_;
      return;
    }
    const auto whose = inside_->find(counted_for(settings_.per, request, tenants_));
    if (--whose->second == 0) {
      inside_->erase(whose);
    }
  }

 private:
  using Inside = std::unordered_map<std::uint64_t, std::int64_t>;

  ConcurrencyLimitSettings settings_;
  const Tenants* tenants_;
  std::shared_ptr<Inside> inside_;
  std::int64_t* everybody_ = nullptr;  ///< the only count, if there is but one
};

const LimiterMeasures measures{"concurrency"};
const Register<RequestLimiter, ConcurrencyLimit, ConcurrencyLimitSettings> registered{
    "concurrency", "so many requests inside at a time"};

}  // namespace
}  // namespace stampede
