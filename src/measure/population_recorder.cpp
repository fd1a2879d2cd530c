#include "population_recorder.hpp"

namespace stampede {

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
