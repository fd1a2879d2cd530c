#include "stampede/model/measures.hpp"

#include <algorithm>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

std::vector<const Measure*>& declared() {
  static std::vector<const Measure*> all;
  return all;
}

std::vector<const Detector*>& declared_detectors() {
  static std::vector<const Detector*> all;
  return all;
}

}  // namespace

Measure::Measure(std::string_view component, Form form, std::string_view name,
                 std::string_view meaning)
    : component_(component), form_(form), name_(name), meaning_(meaning) {
  declared().push_back(this);
}

Measure::Measure(std::string_view component, std::string_view name, std::string_view meaning,
                 const Measure& part, const Measure& whole)
    : Measure(component, share, name, meaning) {
  require(part.form() == whole.form() && (part.form() == count || part.form() == level),
          "a share is of two counts or two levels");
  part_ = &part;
  whole_ = &whole;
}

std::vector<const Measure*> Measure::all_of(std::string_view component) {
  std::vector<const Measure*> found;
  for (const Measure* measure : declared()) {
    if (measure->component() == component) {
      found.push_back(measure);
    }
  }
  return found;
}

std::vector<std::string> Measure::components() {
  std::vector<std::string> kinds;
  for (const Measure* measure : declared()) {
    kinds.push_back(measure->component());
  }
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

Detector::Detector(std::string_view name, const Measure& shows) : name_(name), shows_(shows) {
  require(shows.form() == Measure::count || shows.form() == Measure::level,
          "a detector is seen in a count or a level");
  declared_detectors().push_back(this);
}

std::vector<const Detector*> Detector::all_of(std::string_view component) {
  std::vector<const Detector*> found;
  for (const Detector* detector : declared_detectors()) {
    if (detector->shows().component() == component) {
      found.push_back(detector);
    }
  }
  return found;
}

}  // namespace stampede
