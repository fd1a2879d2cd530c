#include <map>
#include <tuple>
#include <vector>

#include "stampede/model/analysis.hpp"
#include "stampede/stats/sequential.hpp"

namespace stampede {
namespace {

enum class Boundary { pocock, obrien_fleming, spending_pocock, spending_obrien_fleming };
const EnumNames<Boundary>& names(Boundary) {
  static const EnumNames<Boundary> table{
      {{Boundary::pocock, "pocock"},
       {Boundary::obrien_fleming, "obrien_fleming"},
       {Boundary::spending_pocock, "lan_demets_pocock"},
       {Boundary::spending_obrien_fleming, "lan_demets_obrien_fleming"}}};
  return table;
}

struct GroupSequentialSettings {
  Boundary boundary = Boundary::obrien_fleming;
  AnalysisUnit unit = AnalysisUnit::unit;
};
void describe(Visitor& v, GroupSequentialSettings& s) {
  v.shorthand("boundary");
  v.field("boundary", s.boundary,
          "how alpha is divided among the looks: the same bound at each (pocock), or wide at first "
          "(obrien_fleming); lan_demets_… spend it by the share of users seen");
  describe_unit(v, s.unit);
}

std::vector<double> bounds_of(Boundary boundary, const Analysis::Context& context) {
  const std::vector<double>& information = context.information;
  switch (boundary) {
    case Boundary::pocock:
      return pocock_bounds(information, context.alpha, Sides::two);
    case Boundary::obrien_fleming:
      return obrien_fleming_bounds(information, context.alpha, Sides::two);
    case Boundary::spending_pocock:
      return spending_bounds(information, context.alpha, Spending::pocock, Sides::two);
    case Boundary::spending_obrien_fleming:
      return spending_bounds(information, context.alpha, Spending::obrien_fleming, Sides::two);
  }
  return {};
}

/// Every replication asks for the same ones, and they cost milliseconds.
const std::vector<double>& known_bounds(Boundary boundary, const Analysis::Context& context) {
  thread_local std::map<std::tuple<Boundary, double, std::vector<double>>, std::vector<double>>
      known;
  std::vector<double>& bounds = known[{boundary, context.alpha, context.information}];
  if (bounds.empty()) {
    bounds = bounds_of(boundary, context);
  }
  return bounds;
}

/// A bound for each of the planned looks, such that all of them together are wrong with
/// probability alpha.
class GroupSequential final : public Analysis {
 public:
  GroupSequential(const GroupSequentialSettings& settings, const Context& context)
      : unit_(settings.unit), bounds_(known_bounds(settings.boundary, context)) {}

  Finding look(const Look& look) override {
    return finding_of(z_of(difference_of(look, unit_)), bounds_[look.number]);
  }

 private:
  AnalysisUnit unit_;
  std::vector<double> bounds_;
};

const Register<Analysis, GroupSequential, GroupSequentialSettings> registered{
    "group_sequential", "a z test at every look, whose bounds allow for all of them"};

}  // namespace
}  // namespace stampede
