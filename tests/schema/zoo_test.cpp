#include "schema/zoo.hpp"

namespace stampede::zoo {
namespace {

struct Constant final : Law {
  Constant(const ConstantSettings& s, const Context&) : value(s.value.value) {}
  double mean() const override { return value; }
  double value;
};
const Register<Law, Constant, ConstantSettings> constant{"constant", "always the same value"};

struct Uniform final : Law {
  Uniform(const UniformSettings& s, const Context&) : middle((s.low.value + s.high.value) / 2) {}
  double mean() const override { return middle; }
  double middle;
};
const Register<Law, Uniform, UniformSettings> uniform{"uniform", "evenly between two values"};

struct RoundRobin final : Policy {
  RoundRobin(const NoSettings&, const Context&) {}
  std::string name() const override { return "round robin"; }
};
const Register<Policy, RoundRobin> round_robin{"round_robin", "each backend in turn"};

struct LeastRequest final : Policy {
  LeastRequest(const LeastRequestSettings& s, const Context& context)
      : choices(s.choice_count), seed(context) {}
  std::string name() const override {
    return "least of " + std::to_string(choices) + ", seed " + std::to_string(seed);
  }
  int choices;
  int seed;
};
const Register<Policy, LeastRequest, LeastRequestSettings> least_request{
    "least_request", "fewest requests in flight among N random backends"};

struct Call final : Step {
  Call(const CallSettings&, const Context&) {}
};
const Register<Step, Call, CallSettings> call{"call", "asks a component and waits"};
struct Compute final : Step {
  Compute(const ComputeSettings&, const Context&) {}
};
const Register<Step, Compute, ComputeSettings> compute{"compute", "uses the CPU"};
struct Parallel final : Step {
  Parallel(const ParallelSettings&, const Context&) {}
};
const Register<Step, Parallel, ParallelSettings> parallel{"parallel", "does several at once"};
// A kind named like a field of another, to be told apart by what stands beside it.
struct Timeout final : Step {
  Timeout(const NoSettings&, const Context&) {}
};
const Register<Step, Timeout> timeout{"timeout", "gives up"};

Value value_of_json(const Json& json) {
  if (json.is_null()) {
    Value null;
    null.text = "null";
    return null;
  }
  if (json.is_array()) {
    std::vector<Value> items;
    for (const Json& item : json) {
      items.push_back(value_of_json(item));
    }
    return Value::list(std::move(items));
  }
  if (json.is_object()) {
    std::vector<Value::Member> members;
    for (const auto& [key, value] : json.items()) {
      members.push_back({key, {}, value_of_json(value)});
    }
    return Value::map(std::move(members));
  }
  return Value::scalar(json.is_string() ? json.get<std::string>() : json.dump());
}

}  // namespace

Value value_of(const std::string& json) { return value_of_json(Json::parse(json)); }

}  // namespace stampede::zoo
