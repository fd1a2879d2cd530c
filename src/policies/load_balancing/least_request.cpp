#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "by_load.hpp"
#include "edf_schedule.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

enum class Selection { n_choices, full_scan };

const EnumNames<Selection>& names(Selection) {
  static const EnumNames<Selection> table{
      {{Selection::n_choices, "n_choices"}, {Selection::full_scan, "full_scan"}}};
  return table;
}

struct LeastRequestSettings {
  int choice_count = 2;
  bool distinct = false;
  Selection selection = Selection::n_choices;
  double active_request_bias = 1;
};

void describe(Visitor& v, LeastRequestSettings& s) {
  v.field("choice_count", s.choice_count, "how many random backends are compared for each request",
          at_least(1), at_most(1000));
  v.field("distinct", s.distinct,
          "the compared backends are never the same one; upstream may draw one twice");
  v.field("selection", s.selection, "compare a few random backends, or all of them");
  v.field("active_request_bias", s.active_request_bias,
          "how much requests in flight count when weights differ: turns go by weight / "
          "(in flight + 1)^bias; 0 is round robin",
          at_least(0.0));
  v.doubt_unless(s.selection == Selection::n_choices || !s.distinct, "distinct",
                 "has no effect when all backends are compared");
}

/// The backend with the fewest requests in flight among some or all (Mitzenmacher: The Power of Two
/// Choices in Randomized Load Balancing, IEEE TPDS 12(10), 2001), as Envoy's least_request_lb.cc
/// does it: N draws with replacement, of equal backends the first one drawn, and with unequal
/// weights a schedule instead, in which busy backends wait longer for their next turn.
class LeastRequest final : public LoadBalancingPolicy {
 public:
  LeastRequest(const LeastRequestSettings& settings, const Context& context)
      : settings_(settings), random_(context.random) {}

  static Theory theory(const LeastRequestSettings& settings) {
    Theory split{.kind = Split::Kind::least_loaded};
    if (settings.selection == Selection::n_choices) {
      split.choices = settings.choice_count;
    }
    return split;
  }

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    if (!view.has_equal_weights()) {
      return schedule_.pick([&](BackendSlot slot) { return weight(view[slot]); });
    }
    if (settings_.selection == Selection::full_scan) {
      return all_.least_loaded(random_);
    }
    return settings_.distinct ? least_of_distinct(view) : least_of_drawn(view);
  }

  void eligible_changed(const BackendView& view) override {
    if (!view.has_equal_weights()) {
      const auto weight_of = [&](BackendSlot slot) { return weight(view[slot]); };
      schedule_.update(view.eligible(), weight_of, random_);
      return;
    }
    schedule_.clear();
    if (settings_.selection == Selection::full_scan) {
      all_.update(view);
    } else if (settings_.distinct) {
      shuffled_.assign(view.eligible().begin(), view.eligible().end());
    }
  }

  void started(BackendSlot slot, const BackendView& view) override { load_changed(slot, view); }
  void ended(BackendSlot slot, const BackendView& view, Outcome, Duration, Time) override {
    load_changed(slot, view);
  }

 private:
  BackendSlot least_of_drawn(const BackendView& view) {
    const std::uint64_t n = view.eligible().size();
    BackendSlot least = view.eligible()[random_.below(n)];
    for (int i = 1; i < settings_.choice_count; ++i) {
      const BackendSlot drawn = view.eligible()[random_.below(n)];
      least = view[drawn].in_flight < view[least].in_flight ? drawn : least;
    }
    return least;
  }

  /// The first steps of a Fisher-Yates shuffle; it does not matter in which order they begin.
  BackendSlot least_of_distinct(const BackendView& view) {
    const std::size_t n = shuffled_.size();
    const std::size_t choices = std::min(n, static_cast<std::size_t>(settings_.choice_count));
    for (std::size_t i = 0; i < choices; ++i) {
      const std::uint64_t ahead = random_.below(n - i);
      std::swap(shuffled_[i], shuffled_[i + ahead]);
    }
    BackendSlot least = shuffled_.front();
    for (std::size_t i = 1; i < choices; ++i) {
      least = view[shuffled_[i]].in_flight < view[least].in_flight ? shuffled_[i] : least;
    }
    return least;
  }

  double weight(const Backend& backend) const {
    const double requests = backend.in_flight + 1.0;
    // The usual biases are exact; the last bit of pow may differ between processors.
    if (settings_.active_request_bias == 1) {
      return backend.weight / requests;
    }
    if (settings_.active_request_bias == 0) {
      return backend.weight;
    }
    return backend.weight / std::pow(requests, settings_.active_request_bias);
  }

  void load_changed(BackendSlot slot, const BackendView& view) {
    if (settings_.selection == Selection::full_scan && view.has_equal_weights()) {
      all_.load_changed(slot, view);
    }
  }

  LeastRequestSettings settings_;
  Draw random_;
  ByLoad all_;                         // for full_scan
  std::vector<BackendSlot> shuffled_;  // for distinct: the eligible ones, in any order
  EdfSchedule schedule_;               // while weights differ
};

const Register<LoadBalancingPolicy, LeastRequest, LeastRequestSettings> registered{
    "least_request", "fewest requests in flight among N random backends, or among all"};

}  // namespace
}  // namespace stampede
