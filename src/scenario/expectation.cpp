#include "stampede/scenario/expectation.hpp"

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

namespace {

/// Takes " from 90s to 120s" off the end of the text; whether it makes sense.
bool take_window(std::string_view& text, Expectation& to, std::int64_t divisor) {
  constexpr std::string_view word_from = " from ";
  constexpr std::string_view word_to = " to ";
  const std::size_t from_at = text.rfind(word_from);
  if (from_at == std::string_view::npos) {
    return true;
  }
  std::string_view from = text.substr(from_at + word_from.size());
  text = text.substr(0, from_at);
  if (const std::size_t to_at = from.find(word_to); to_at != std::string_view::npos) {
    const Parsed<Duration> end = parse_duration(from.substr(to_at + word_to.size()));
    if (!end.value) {
      return false;
    }
    to.to = *end.value / divisor;
    from = from.substr(0, to_at);
  }
  const Parsed<Duration> begin = parse_duration(from);
  if (!begin.value) {
    return false;
  }
  to.from = *begin.value / divisor;
  return !to.to || *to.from < *to.to;
}

}  // namespace

void Codec<Expectation>::read(const Value& from, Expectation& to, Reader& reader) {
  if (!from.is_scalar()) {
    reader.mismatch(from, type_text());
    return;
  }
  to.text = from.text;
  to.place = from.place;
  std::string_view text = to.text;
  if (!take_window(text, to, reader.run_divisor)) {
    reader.mismatch(from, "a window such as from 90s to 120s at the end");
    return;
  }
  if (const std::size_t within = text.find(" within "); within != std::string_view::npos) {
    const std::optional<Measurement> share = parse_measurement(text.substr(within + 8));
    if (!share || (share->unit != "%" && share->unit != "")) {
      reader.mismatch(from, "`within` after `~` and a value, such as ~ 4s within 1%");
      return;
    }
    to.within = share->value;
    text = text.substr(0, within);
  }
  bool has_margin = false;
  if (const std::size_t margin = text.find("+-"); margin != std::string_view::npos) {
    const std::optional<Measurement> half_width = parse_measurement(text.substr(margin + 2));
    if (!half_width) {
      reader.mismatch(from, "`+-` and a value after `~` and a value, such as ~ 4s +- 0.01s");
      return;
    }
    to.give_or_take = half_width->value;
    has_margin = true;
    text = text.substr(0, margin);
  }
  const std::optional<Comparison> comparison = parse_comparison(text);
  if (!comparison) {
    reader.mismatch(from, type_text());
    return;
  }
  if (comparison->relation != Relation::agrees && (to.within || has_margin)) {
    reader.mismatch(from, to.within
                              ? "`within` after `~` and a value, such as ~ 4s within 1%"
                              : "`+-` and a value after `~` and a value, such as ~ 4s +- 0.01s");
    return;
  }
  to.subject = comparison->path.subject;
  to.metric = comparison->path.metric;
  to.relation = comparison->relation;
  if (const auto* other = std::get_if<ScaledPath>(&comparison->with)) {
    if (to.relation == Relation::agrees) {
      reader.mismatch(from, "a value after `~`; two numbers are compared by <, <=, >, >= or ==");
      return;
    }
    to.other = *other;
  } else {
    const auto& value = std::get<Measurement>(comparison->with);
    to.value = value.value;
    to.unit = value.unit;
  }
}

Json Codec<Expectation>::echo(const Expectation& expectation) { return expectation.text; }

Json Codec<Expectation>::schema(SchemaWriter&) {
  const std::string number = R"([0-9.+eE-]+\s*[A-Za-z%/]*)";
  const std::string path = R"([a-z][a-z0-9_-]*\.[A-Za-z0-9_.-]+)";
  return {{"type", "string"},
          {"pattern",
           R"(^\s*)" + path + R"(\s*((<=|>=|==|<|>|~|=)\s*)" + number + R"((\s*\+-\s*)" + number +
               R"()?(\s+within\s+[0-9.]+%?)?|(<=|>=|==|<|>|=)\s*([0-9.eE+]+%?\s*\*\s*)?)" + path +
               R"()(\s+from\s+[0-9.]+[a-z]+(\s+to\s+[0-9.]+[a-z]+)?)?\s*$)"}};
}

std::string Codec<Expectation>::type_text() {
  return "a name of traffic or a component, a metric, a relation (<, <=, >, >=, ==, ~) and a value "
         "or another metric, such as shoppers.latency.p99 < 250ms";
}

}  // namespace stampede
