#include "stampede/scenario/expectation.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {
namespace {

constexpr std::array<std::pair<std::string_view, Expectation::Relation>, 7> relations{{
    {"<=", Expectation::Relation::at_most},
    {">=", Expectation::Relation::at_least},
    {"==", Expectation::Relation::equal},
    {"<", Expectation::Relation::less},
    {">", Expectation::Relation::more},
    {"~", Expectation::Relation::agrees},
    {"=", Expectation::Relation::equal},
}};

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

/// A value with or without a unit, in seconds, shares, per second or plain.
bool read_value(std::string_view text, Expectation& to) {
  if (const auto number = parse_number(text).value) {
    to.value = *number;
    to.unit = "";
    return true;
  }
  if (const auto duration = parse_nanoseconds(text).value) {
    to.value = *duration * 1e-9;
    to.unit = "s";
    return true;
  }
  if (const auto rate = parse_rate(text).value) {
    to.value = rate->per_second;
    to.unit = "/s";
    return true;
  }
  if (const auto ratio = parse_ratio(text).value) {
    to.value = ratio->value;
    to.unit = "%";
    return true;
  }
  if (const auto count = parse_count(text).value) {
    to.value = static_cast<double>(*count);
    to.unit = "";
    return true;
  }
  return false;
}

}  // namespace

void Codec<Expectation>::read(const Value& from, Expectation& to, Reader& reader) {
  if (!from.is_scalar()) {
    reader.mismatch(from, type_text());
    return;
  }
  to.text = from.text;
  to.place = from.place;
  const std::string_view text = to.text;
  for (const auto& [symbol, relation] : relations) {
    const std::size_t at = text.find(symbol);
    if (at == std::string_view::npos) {
      continue;
    }
    const std::string_view path = trim(text.substr(0, at));
    std::string_view value = trim(text.substr(at + symbol.size()));
    to.relation = relation;
    if (const std::size_t within = value.find(" within "); within != std::string_view::npos) {
      const auto share = parse_ratio(trim(value.substr(within + 8))).value;
      if (!share || relation != Expectation::Relation::agrees) {
        reader.mismatch(from, "`within` after `~` and a value, such as ~ 4s within 1%");
        return;
      }
      to.within = share->value;
      value = trim(value.substr(0, within));
    }
    if (const std::size_t plus_minus = value.find("+-"); plus_minus != std::string_view::npos) {
      Expectation margin;
      if (relation != Relation::agrees || !read_value(trim(value.substr(plus_minus + 2)), margin)) {
        reader.mismatch(from, "`+-` and a value after `~` and a value, such as ~ 4s +- 0.01s");
        return;
      }
      to.give_or_take = margin.value;
      value = trim(value.substr(0, plus_minus));
    }
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == path.size() ||
        !read_value(value, to)) {
      break;
    }
    to.subject = path.substr(0, dot);
    to.metric = path.substr(dot + 1);
    return;
  }
  reader.mismatch(from, type_text());
}

Json Codec<Expectation>::echo(const Expectation& expectation) { return expectation.text; }

Json Codec<Expectation>::schema(SchemaWriter&) {
  return {
      {"type", "string"},
      {"pattern",
       R"(^\s*[a-z][a-z0-9_-]*\.[A-Za-z0-9_.-]+\s*(<=|>=|==|<|>|~|=)\s*[0-9.+eE-]+\s*[A-Za-z%/]*(\s*\+-\s*[0-9.+eE-]+\s*[A-Za-z%/]*)?(\s+within\s+[0-9.]+%?)?\s*$)"}};
}

std::string Codec<Expectation>::type_text() {
  return "a name of traffic or a component, a metric, a relation (<, <=, >, >=, ==, ~) and a "
         "value, "
         "such as shoppers.latency.p99 < 250ms";
}

}  // namespace stampede
