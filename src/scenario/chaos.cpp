#include "stampede/scenario/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

const EnumNames<HypothesisStrategy>& names(HypothesisStrategy) {
  static const EnumNames<HypothesisStrategy> table{
      {{HypothesisStrategy::before_and_after, "default"},
       {HypothesisStrategy::before_method_only, "before_method_only"},
       {HypothesisStrategy::after_method_only, "after_method_only"},
       {HypothesisStrategy::during_method_only, "during_method_only"},
       {HypothesisStrategy::continuously, "continuously"}}};
  return table;
}

const EnumNames<ChaosVerdict>& names(ChaosVerdict) {
  static const EnumNames<ChaosVerdict> table{{{ChaosVerdict::completed, "completed"},
                                              {ChaosVerdict::deviated, "deviated"},
                                              {ChaosVerdict::aborted, "aborted"}}};
  return table;
}

/// What is longer than any run can be is as long as any.
static Duration bounded_sum(Duration a, Duration b) {
  return a > Duration::max() - b ? Duration::max() : a + b;
}

Duration ChaosSettings::steady_again_at() const {
  return bounded_sum(rollbacks.steps.empty() ? method.ends : rollbacks.ends,
                     recovery_time_objective);
}

// ---- Steps ------------------------------------------------------------------------------------

namespace {

/// What says when a fault begins; a step begins at its turn.
constexpr std::array<std::string_view, 5> times{"at", "when", "every", "mtbf", "mttr"};

/// `{pause: 30s}`; a fault of the kind pause has a map there, or says `kind: pause`.
const Value* pause_in(const Value& step) {
  if (!step.is_map() || step.members.size() != 1) {
    return nullptr;
  }
  const Value* pause = step.find("pause");
  return pause != nullptr && pause->is_scalar() ? pause : nullptr;
}

/// A field of a fault in whichever form that is written: beside its kind, or below it.
const Value::Member* field_of(const Value& fault, std::string_view name) {
  for (const Value::Member& member : fault.members) {
    if (member.key == name) {
      return &member;
    }
    if (member.value.is_map() && Registry<Fault>::instance().find(member.key) != nullptr) {
      for (const Value::Member& inner : member.value.members) {
        if (inner.key == name) {
          return &inner;
        }
      }
    }
  }
  return nullptr;
}

bool names_kind(const Value& fault) {
  return std::any_of(fault.members.begin(), fault.members.end(), [](const Value::Member& member) {
    return member.key == "kind" || Registry<Fault>::instance().find(member.key) != nullptr;
  });
}

/// Reads step after step, and keeps the time.
class StepReader {
 public:
  StepReader(ChaosSteps& to, Reader& reader)
      : to_(to), reader_(reader), clock_(to.written_from), done_(to.written_from) {}

  void read(const Value& step) {
    if (const Value* pause = pause_in(step)) {
      read_pause(*pause);
    } else {
      read_fault(step);
    }
  }

  void finish() {
    to_.written_to = std::max(clock_, done_);
    to_.ends = to_.written_to / reader_.run_divisor;
    const auto first = std::find_if(to_.steps.begin(), to_.steps.end(),
                                    [](const ChaosStep& step) { return step.fault.has_value(); });
    to_.begins = first == to_.steps.end() ? to_.ends : first->begins;
    for (const ChaosStep& step : to_.steps) {
      // Each was rounded by itself.
      to_.ends = std::max(to_.ends, bounded_sum(step.begins, step.length));
    }
  }

 private:
  void read_pause(const Value& pause) {
    Duration length;
    reader_.read(pause, length, "pause");
    ChaosStep& step = to_.steps.emplace_back();
    step.begins = clock_ / reader_.run_divisor;
    step.length = length / reader_.run_divisor;
    clock_ = bounded_sum(clock_, length);
  }

  void read_fault(const Value& from) {
    if (tells_times(from)) {
      return;
    }
    ChaosStep step;
    Value fault = from;
    if (fault.is_map()) {
      if (const Value* background = fault.find("background")) {
        reader_.read(*background, step.background, "background");
        std::erase_if(fault.members,
                      [](const Value::Member& member) { return member.key == "background"; });
      }
      if (names_kind(fault)) {  // what does not is told without it
        fault.members.push_back({"at", from.place, Value::scalar(to_text(clock_), from.place)});
      }
    }
    const std::size_t errors_before = reader_.errors();
    reader_.read(fault, step.fault);
    if (reader_.errors() != errors_before || !take_times(from, step)) {
      return;
    }
    const Duration written = step.length.is_zero() ? Duration() : written_length(fault);
    done_ = std::max(done_, bounded_sum(clock_, written));
    clock_ = bounded_sum(clock_, step.background ? Duration() : written);
    to_.steps.push_back(std::move(step));
  }

  bool tells_times(const Value& fault) {
    bool tells = false;
    for (const std::string_view time : times) {
      if (const Value::Member* member = field_of(fault, time)) {
        reader_.error(
            member->key_place,
            fmt::format("'{}'{} is not for a step of an experiment", time, reader_.in_path()), {},
            "it begins when the step before it has ended: put {pause: 30s} there");
        tells = true;
      }
    }
    return tells;
  }

  /// When it begins and for how long, as the fault itself has declared. Whether all was right.
  bool take_times(const Value& from, ChaosStep& step) {
    const std::string& path = reader_.path();
    bool is_momentary = false;
    for (const auto& fact : reader_.facts().all<DoesAllAtOnce>()) {
      is_momentary = is_momentary || fact.path == path;
    }
    for (const auto& fact : reader_.facts().all<FaultTimes>()) {
      if (fact.path == path) {
        step.begins = fact.what.earliest();
        step.length = is_momentary ? Duration() : fact.what.duration.value_or(Duration());
      }
    }
    if (is_momentary || !step.length.is_zero()) {
      return true;
    }
    reader_.error(from.place, fmt::format("{} does not say for how long", path),
                  "for, such as for: 30s", "the next step begins when it has ended");
    return false;
  }

  static Duration written_length(const Value& fault) {
    const Value::Member* length = field_of(fault, "for");
    return length == nullptr ? Duration()
                             : parse_duration(length->value.text).value.value_or(Duration());
  }

  ChaosSteps& to_;
  Reader& reader_;
  Duration clock_;  ///< when the next step begins, as written
  Duration done_;   ///< when all faults so far have ended, as written
};

}  // namespace

void Codec<ChaosSteps>::read(const Value& from, ChaosSteps& to, Reader& reader) {
  to.steps.clear();
  to.place = from.place;
  if (!from.is_list()) {
    reader.mismatch(from, type_text(), from.is_map() ? "begin each step with '- '" : "");
    return;
  }
  StepReader steps(to, reader);
  for (std::size_t i = 0; i < from.items.size(); ++i) {
    const Reader::Step inside(reader, std::to_string(i));
    steps.read(from.items[i]);
  }
  steps.finish();
}

Json Codec<ChaosSteps>::echo(const ChaosSteps& steps) {
  Json json = Json::array();
  for (const ChaosStep& step : steps.steps) {
    if (!step.fault.has_value()) {
      json.push_back({{"pause", to_text(step.length)}});
      continue;
    }
    Json fault = type_of<Choice<Fault>>().echo(&step.fault);
    for (const std::string_view time : times) {
      fault.erase(std::string(time));
    }
    if (step.background) {
      fault["background"] = true;
    }
    json.push_back(std::move(fault));
  }
  return json;
}

Json Codec<ChaosSteps>::schema(SchemaWriter& writer) {
  const Json pause{{"type", "object"},
                   {"properties", {{"pause", writer.of<Duration>()}}},
                   {"required", {"pause"}},
                   {"additionalProperties", false}};
  // Of a fault in the background an editor knows no more: a schema cannot add a key to a form.
  const Json background{{"type", "object"},
                        {"properties", {{"background", {{"type", "boolean"}}}}},
                        {"required", {"background"}}};
  return {{"type", "array"},
          {"items", {{"anyOf", Json::array({pause, writer.of<Choice<Fault>>(), background})}}}};
}

std::string Codec<ChaosSteps>::type_text() {
  return "a list of faults and pauses, such as [{pause: 1m}, {kind: crash, for: 30s, target: app}]";
}

std::string Codec<ChaosSteps>::reference_text() {
  return "list of: `{pause: 30s}`, or a [fault](fault.md) without times but `for`, perhaps with "
         "`background: true`";
}

template class CodecType<ChaosSteps>;

// ---- The experiment ---------------------------------------------------------------------------

void describe(Visitor& v, SteadyStateHypothesis& s) {
  v.field("title", s.title, "what is taken for granted, in a sentence");
  v.field("probes", s.probes,
          "what holds as long as the system is well, each as a line of `expect:` without a window: "
          "its relation is the tolerance",
          required(), not_empty());
  v.field("strategy", s.strategy,
          "which windows decide; all are shown. default: before the method and after it; "
          "continuously: during it too; or only one of them");
  v.field("window", s.window,
          "how much of the run is looked at to say when the system deviated and when it was steady "
          "again, slice after slice; five slices unless given",
          more_than(Duration()), of_run());
  v.check(std::none_of(s.probes.begin(), s.probes.end(),
                       [](const Expectation& probe) { return probe.from.has_value(); }),
          "probes", "have a window", "leave it out: they are looked at before, during and after");
  v.check(std::none_of(s.probes.begin(), s.probes.end(),
                       [](const Expectation& probe) {
                         return probe.relation == Expectation::Relation::agrees;
                       }),
          "probes", "compare by '~', which takes a whole run to tell", "use <, <=, >, >= or ==");
}

void describe(Visitor& v, ChaosSettings& s) {
  v.field("title", s.title, "what the experiment asks");
  v.field("description", s.description, "why, and what to learn from it");
  v.field("steady_state_hypothesis", s.steady_state_hypothesis,
          "what is so before the method, and shall be so again after it", required());
  v.field("method", s.method,
          "what is done: faults and pauses one after the other, from t = 0. A fault takes the time "
          "of its `for`; with background: true the next step begins at once",
          required());
  v.field("stop_conditions", s.stop_conditions,
          "when one of them is seen during the method all its faults end at once: a component, a "
          "metric that is monitored, a relation and a value");
  s.rollbacks.written_from = s.method.written_to;
  v.field("rollbacks", s.rollbacks,
          "what is done when the method has ended, or was stopped, in the same form. Faults undo "
          "themselves exactly; this is what operators do besides, such as restarting or flushing");
  v.field("recovery_time_objective", s.recovery_time_objective,
          "how long after that the system may take until it is steady again", at_least(Duration()),
          of_run());
  v.field("expected_verdict", s.expected_verdict,
          "completed: the hypothesis holds; deviated: it does not; aborted: a stop condition is "
          "met. Another one ends `stampede run` with exit code 99");
  v.check(s.expected_verdict != ChaosVerdict::aborted || !s.stop_conditions.empty(),
          "expected_verdict", "is aborted, but there are no stop_conditions");
}

}  // namespace stampede
