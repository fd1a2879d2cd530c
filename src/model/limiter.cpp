#include "stampede/model/limiter.hpp"

#include <array>
#include <string>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

constexpr std::array<std::string_view, 2> kinds_with_admission{"service", "load_balancer"};

/// The measures of one kind of component.
struct OwnedMeasures {
  explicit OwnedMeasures(std::string_view component_kind)
      : kind(component_kind),
        requests(component_kind, Measure::count, "admission_requests",
                 "requests at the door of its limiters"),
        limit(component_kind, Measure::level, "concurrency_limit",
              "requests that the adaptive limiters of all its instances allow inside at a time"),
        handle{requests, limit} {}

  std::string_view kind;
  Measure requests;
  Measure limit;
  AdmissionMeasures handle;
};

}  // namespace

// ---- Measures ---------------------------------------------------------------------------------

/// Made when first asked for: limiters in other files need them before main begins.
const AdmissionMeasures& AdmissionMeasures::of(std::string_view component_kind) {
  static const std::array<OwnedMeasures, kinds_with_admission.size()> all{
      OwnedMeasures(kinds_with_admission[0]), OwnedMeasures(kinds_with_admission[1])};
  for (const OwnedMeasures& one : all) {
    if (one.kind == component_kind) {
      return one.handle;
    }
  }
  fail("there is no admission at components of kind '" + std::string(component_kind) + "'");
}

struct LimiterMeasures::Pair {
  Pair(std::string_view limiter_kind, std::string_view component_kind)
      : limiter(limiter_kind),
        component(component_kind),
        rejections(component_kind, Measure::count, limiter + "_rejections",
                   "requests that its limiters of kind " + limiter + " turned away"),
        share(component_kind, limiter + "_rejection_ratio",
              "share that they are of all requests at its door", rejections,
              AdmissionMeasures::of(component_kind).requests) {}

  std::string limiter;
  std::string_view component;
  Measure rejections;
  Measure share;
};

namespace {

std::vector<const LimiterMeasures*>& declared() {
  static std::vector<const LimiterMeasures*> all;
  return all;
}

}  // namespace

LimiterMeasures::LimiterMeasures(std::string_view limiter_kind) {
  for (const std::string_view component_kind : kinds_with_admission) {
    by_component_kind_.push_back(std::make_unique<Pair>(limiter_kind, component_kind));
  }
  declared().push_back(this);
}

LimiterMeasures::~LimiterMeasures() = default;

const Measure& LimiterMeasures::rejections(std::string_view limiter_kind,
                                           std::string_view component_kind) {
  for (const LimiterMeasures* measures : declared()) {
    for (const std::unique_ptr<Pair>& pair : measures->by_component_kind_) {
      if (pair->limiter == limiter_kind && pair->component == component_kind) {
        return pair->rejections;
      }
    }
  }
  fail("the limiter " + std::string(limiter_kind) + " declares no LimiterMeasures");
}

// ---- Settings ---------------------------------------------------------------------------------

void describe_admission(Visitor& v, AdmissionSettings& s) {
  v.field("admission", s,
          "limiters at the door of each instance, the outermost first: what one of them turns away "
          "is rejected before it waits");
}

// ---- Limiters of a component ------------------------------------------------------------------

AdmissionOfAll::AdmissionOfAll(const AdmissionSettings& settings, const Component::Context& context,
                               std::string_view component_kind)
    : settings_(settings),
      context_(context),
      measures_(AdmissionMeasures::of(component_kind)),
      requests_(context.observer.tally(measures_.requests)),
      shared_(settings.size()),
      random_(context.stream("admission")) {
  for (const Choice<RequestLimiter>& limiter : settings) {
    rejections_.push_back(
        &context.observer.tally(LimiterMeasures::rejections(limiter.kind(), component_kind)));
  }
}

Admission::Admission(AdmissionOfAll& of_all, std::uint32_t instance)
    : simulation_(of_all.context_.simulation),
      requests_(of_all.requests_),
      all_(of_all),
      instance_(instance) {
  make_limiters();
}

Admission::~Admission() = default;

void Admission::make_limiters() {
  limiters_.clear();
  follows_ = false;
  const std::uint64_t life = combine(instance_, lives_++);
  for (std::size_t i = 0; i < all_.settings_.size(); ++i) {
    auto limiter =
        all_.settings_[i].make(RequestLimiter::Context{.random = all_.random_.at(combine(life, i)),
                                                       .now = simulation_.now(),
                                                       .tenants = all_.context_.tenants,
                                                       .shared = all_.shared_[i],
                                                       .observer = all_.context_.observer,
                                                       .measures = all_.measures_});
    const bool follows = limiter->follows();
    limiters_.push_back({std::move(limiter), all_.rejections_[i], follows});
    follows_ = follows_ || follows;
  }
}

Outcome Admission::admit(const Request& request, Admitted& admitted) {
  const Time now = simulation_.now();
  requests_.add();
  for (std::size_t i = 0; i < limiters_.size(); ++i) {
    const Outcome verdict = limiters_[i].limiter->admit(request, now);
    if (verdict != Outcome::ok) {
      limiters_[i].rejections->add();
      tell(i, request, verdict, Duration(), now);
      return verdict;
    }
  }
  if (follows_) {
    Admitted::Pass& pass = passes_.take(*this);
    pass.is_open = true;
    pass.since = now;
    pass.request = request;
    admitted.pass_ = &pass;
  }
  return Outcome::ok;
}

void Admission::tell(std::size_t limiters, const Request& request, Outcome outcome,
                     Duration latency, Time now) {
  for (std::size_t i = limiters; i-- > 0;) {
    if (limiters_[i].follows) {
      limiters_[i].limiter->ended(request, outcome, latency, now);
    }
  }
}

void Admission::restart() {
  end_all();
  make_limiters();
}

/// Who is still inside ends for nobody any more.
void Admission::shut() {
  end_all();
  limiters_.clear();
  follows_ = false;
}

void Admission::end_all() {
  const Time now = simulation_.now();
  for (Admitted::Pass& pass : passes_) {
    if (pass.is_open) {
      pass.is_open = false;
      tell(limiters_.size(), pass.request, Outcome::reset, now - pass.since, now);
    }
  }
  for (const Entry& entry : limiters_) {
    entry.limiter->stopped(now);
  }
}

void Admission::end(Admitted::Pass& pass, Outcome outcome) {
  if (pass.is_open) {  // and not from before a crash
    pass.is_open = false;
    const Time now = simulation_.now();
    tell(limiters_.size(), pass.request, outcome, now - pass.since, now);
  }
  passes_.give_back(pass);
}

void Admitted::end_pass(Outcome outcome) {
  Pass& pass = *std::exchange(pass_, nullptr);
  pass.at.end(pass, outcome);
}

}  // namespace stampede
