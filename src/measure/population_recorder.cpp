#include "population_recorder.hpp"

namespace stampede {

void PopulationRecorder::sent_by_parts(std::size_t cohort, const Request& request) {
  for_each_part_of(request, [&](RequestLedger& part) { part.sent(cohort, request.sent); });
}

void PopulationRecorder::ended_by_parts(const Request& request, const RequestEnd& end) {
  for_each_part_of(request, [&](RequestLedger& part) { part.ended(end); });
}

std::string PopulationRecorder::broken_law() const {
  for (const RequestLedger& type : types_) {
    if (std::string broken = type.broken_law(); !broken.empty()) {
      return name_ + "." + broken;
    }
  }
  for (const Division& division : divisions_) {
    for (const RequestLedger& part : division.parts) {
      if (std::string broken = part.broken_law(); !broken.empty()) {
        return name_ + "." + broken;
      }
    }
  }
  return {};
}

}  // namespace stampede
