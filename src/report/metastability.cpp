#include "stampede/report/metastability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "stampede/base/json.hpp"
#include "stampede/report/exact.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

constexpr int schema_version = 1;

/// A load is borne on the way up and not on the way down.
bool has_hysteresis(const LoadLevel& level, double well) {
  return level.going_up >= well && level.coming_down < well;
}

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

}  // namespace

std::string metastability_text(const SweepPlan& plan, const MetastabilityFound& found,
                               const MetastabilityOptions& wish, const TextStyle& style) {
  const std::string& load = plan.paths[0];
  const std::string& trigger = plan.paths[1];
  std::string text = painted(plan.name, Paint::bold, style) + "\n";
  text += wrapped(fmt::format("load: {}; trigger: {}", load, trigger), 2);
  text += fmt::format("stampede {}\n\n", plan.version);
  TextTable table({"load", "going up", "coming down", "recovers from", "kept down by"});
  const auto cell = [&](double share) {
    return TextTable::Cell{share_text(share, style), share < wish.well ? Paint::red : Paint::none};
  };
  for (const LoadLevel& level : found.levels) {
    table.row(
        {{level.load},
         cell(level.going_up),
         cell(level.coming_down),
         {level.is_well_without ? level.recovers_from.value_or("none") : "never well"},
         {level.is_well_without ? level.kept_down_by.value_or("none") : (style.utf8 ? "–" : "-")}});
  }
  text += table.text(style);
  text +=
      painted(wrapped(fmt::format("  goodput over what is sent, with the load going up and down "
                                  "in one world without faults; then the largest trigger after "
                                  "which at least {} of what is sent is good again, and the "
                                  "smallest after which it is not",
                                  share_text(wish.well, style)),
                      2),
              Paint::dim, style);
  std::string answer = found.is_partial ? "interrupted; " : "";
  const auto first =
      std::find_if(found.levels.begin(), found.levels.end(),
                   [&](const LoadLevel& level) { return has_hysteresis(level, wish.well); });
  if (first != found.levels.end()) {
    answer += fmt::format(
        "Hysteresis: {} is borne while the load rises, and not when it comes down again. ",
        first->load);
  }
  if (found.safe && found.vulnerable) {
    answer += fmt::format("Up to {} = {} no trigger of the range keeps it down; at {} one does.",
                          load, *found.safe, *found.vulnerable);
  } else if (found.safe) {
    answer += fmt::format("At no load of the range does a trigger keep it down.");
  } else if (found.vulnerable) {
    answer += fmt::format("Already at {} = {}, the lower end of the range, it is kept down.", load,
                          *found.vulnerable);
  }
  return text + "\n" + painted(wrapped(answer, 0), Paint::bold, style);
}

Json metastability_json(const SweepPlan& plan, const MetastabilityFound& found,
                        const MetastabilityOptions& wish) {
  Json levels = Json::array();
  for (const LoadLevel& level : found.levels) {
    levels.push_back({{"load", level.load},
                      {"goodput_share_going_up", exact_json(level.going_up)},
                      {"goodput_share_coming_down", exact_json(level.coming_down)},
                      {"hysteresis", has_hysteresis(level, wish.well)},
                      {"well_without_trigger", level.is_well_without},
                      {"recovers_from", text_or_null(level.recovers_from)},
                      {"kept_down_by", text_or_null(level.kept_down_by)}});
  }
  Json json{{"schema_version", schema_version},
            {"version", plan.version},
            {"scenario", plan.name},
            {"load", plan.paths[0]},
            {"trigger", plan.paths[1]},
            {"well", wish.well},
            {"levels", std::move(levels)},
            {"safe", text_or_null(found.safe)},
            {"vulnerable", text_or_null(found.vulnerable)},
            {"worlds", found.worlds}};
  if (found.is_partial) {
    json["partial"] = true;
  }
  return json;
}

}  // namespace stampede
