#include "stampede/model/theory.hpp"

#include "stampede/model/step.hpp"

namespace stampede {

Flow flow_of(const StepSettings& steps) {
  Flow flow;
  for (const Choice<Step>& step : steps) {
    flow.parts.push_back(step.theory().value_or(Flow::unknown("the step " + step.kind())));
  }
  return flow;
}

}  // namespace stampede
