#pragma once

// One settings struct of every shape that the schema layer knows, and a way to read text into it.

#include <optional>
#include <string>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/render.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede::zoo {

using namespace stampede::literals;

enum class Mode { threads, async, least_bad };
inline const EnumNames<Mode>& names(Mode) {
  static const EnumNames<Mode> table{
      {{Mode::threads, "threads"}, {Mode::async, "async"}, {Mode::least_bad, "least_bad"}}};
  return table;
}

/// A law with a scalar kind, whose numbers take the dimension in force.
class Law {
 public:
  struct Context {};
  static constexpr const char* registry = "zoo law";
  static constexpr const char* scalar_kind = "constant";
  virtual ~Law() = default;
  virtual double mean() const = 0;
};

struct ConstantSettings {
  Quantity value;
};
inline void describe(Visitor& v, ConstantSettings& s) {
  v.field("value", s.value, "always this", required(), at_least(0));
  v.shorthand("value");
}

struct UniformSettings {
  Quantity low;
  Quantity high;
};
inline void describe(Visitor& v, UniformSettings& s) {
  v.field("low", s.low, "the least", at_least(0));
  v.field("high", s.high, "the most", required());
  v.check(s.low.value <= s.high.value, "low", "is above high", "swap them");
}

/// A law of durations: a codec by hand, which sets the dimension.
struct Latency {
  Choice<Law> law = Choice<Law>::of("constant", ConstantSettings{{1e6}});
};

/// A policy without a scalar kind.
class Policy {
 public:
  using Context = int;
  static constexpr const char* registry = "zoo policy";
  virtual ~Policy() = default;
  virtual std::string name() const = 0;
};

struct LeastRequestSettings {
  int choice_count = 2;
  bool distinct = false;
};
inline void describe(Visitor& v, LeastRequestSettings& s) {
  v.field("choice_count", s.choice_count, "how many backends are compared", at_least(1));
  v.field("distinct", s.distinct, "draw them without replacement");
  v.check(s.choice_count < 100, "choice_count", "is absurdly large", "use full_scan");
  v.doubt_unless(s.choice_count < 10, "choice_count", "is unusually large");
}

/// Steps nest, as in handlers.
class Step {
 public:
  struct Context {};
  static constexpr const char* registry = "zoo step";
  virtual ~Step() = default;
};

struct CallSettings {
  ComponentName target;
  std::optional<Duration> timeout;
};
inline void describe(Visitor& v, CallSettings& s) {
  v.field("target", s.target, "who is called", required());
  v.field("timeout", s.timeout, "how long to wait", more_than(0_ns));
  v.shorthand("target");
}

struct ComputeSettings {
  Latency work;
};
inline void describe(Visitor& v, ComputeSettings& s) {
  v.field("work", s.work, "CPU time", required());
  v.shorthand("work");
}

struct ParallelSettings {
  std::vector<Choice<Step>> steps;
  std::optional<int> first;
};
inline void describe(Visitor& v, ParallelSettings& s) {
  v.field("steps", s.steps, "what runs at once", required(), not_empty());
  v.field("first", s.first, "go on after so many", at_least(1));
  v.shorthand("steps");
}

struct CpuSettings {
  double cores = 1;
  Mode mode = Mode::threads;
};
inline void describe(Visitor& v, CpuSettings& s) {
  v.field("cores", s.cores, "how many", more_than(0));
  v.field("mode", s.mode, "how they are shared");
  v.shorthand("cores");
}

struct RetrySettings {
  std::uint32_t num_retries = 1;
  std::vector<int> on;
};
inline void describe(Visitor& v, RetrySettings& s) {
  v.field("num_retries", s.num_retries, "tries after the first", at_most(10));
  v.field("on", s.on, "statuses");
}

struct Animal {
  bool tame = true;
  int replicas = 1;
  std::int64_t offset = 0;
  std::uint64_t count = 50'000;
  double weight = 1;
  std::string note;
  Duration timeout = 3_s;
  Bytes size{64U << 20};
  Rate rate{2000};
  Bandwidth bandwidth{125e6};
  Ratio share{0.25};
  Ratio surge{0.25};
  Mode mode = Mode::async;
  std::optional<RetrySettings> retry;
  std::vector<Duration> gaps;
  OneOrMany<ComponentName> backends;
  Named<CpuSettings> zones;
  CpuSettings cpu;
  Latency latency;
  Choice<Policy> policy = Choice<Policy>::of("round_robin");
  std::vector<Choice<Step>> steps;
};
inline void describe(Visitor& v, Animal& s) {
  v.field("tame", s.tame, "a bool");
  v.field("replicas", s.replicas, "an int", at_least(1), at_most(1000));
  v.field("offset", s.offset, "a signed count");
  v.field("count", s.count, "an unsigned count");
  v.field("weight", s.weight, "a number", more_than(0), less_than(100));
  v.field("note", s.note, "a text");
  v.field("timeout", s.timeout, "a duration", at_least(1_ms));
  v.field("size", s.size, "an amount", at_most(Bytes{1U << 30}));
  v.field("rate", s.rate, "a rate", more_than(Rate{0}));
  v.field("bandwidth", s.bandwidth, "a bandwidth");
  v.field("share", s.share, "a share");
  v.field("surge", s.surge, "a share that may exceed one", at_most(Ratio{10}), aliases("maxSurge"));
  v.field("mode", s.mode, "an enum");
  v.field("retry", s.retry, "an optional map");
  v.field("gaps", s.gaps, "a list");
  v.field("backends", s.backends, "components");
  v.field("zones", s.zones, "named maps");
  v.field("cpu", s.cpu, "a map with a shorthand");
  v.field("latency", s.latency, "a law of durations");
  v.field("policy", s.policy, "a plug-in");
  v.field("steps", s.steps, "nested plug-ins");
}

/// JSON text as a Value without places; strings are plain (unquoted) scalars.
Value value_of(const std::string& json);

/// What reading `json` as a T complains about, a headline each.
template <class T>
std::vector<std::string> complaints(const std::string& json) {
  Problems problems;
  Reader reader(problems);
  T settings;
  reader.read(value_of(json), settings);
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    lines.push_back(headline(problem));
  }
  return lines;
}

}  // namespace stampede::zoo

namespace stampede {

template <>
struct Codec<zoo::Latency> {
  static void read(const Value& from, zoo::Latency& to, Reader& reader) {
    const DimensionScope scope(Dimension::duration);
    reader.read(from, to.law);
  }
  static Json echo(const zoo::Latency& latency) {
    const DimensionScope scope(Dimension::duration);
    return stampede::echo(latency.law);
  }
  static Json schema(SchemaWriter& writer) {
    const DimensionScope scope(Dimension::duration);
    return writer.of<Choice<zoo::Law>>();
  }
  static std::string type_text() {
    const DimensionScope scope(Dimension::duration);
    return type_of<Choice<zoo::Law>>().text();
  }
};

}  // namespace stampede
