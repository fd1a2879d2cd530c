#include "stampede/report/files.hpp"

#include "stampede/report/csv.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/summary.hpp"

namespace stampede {

void write_study(const std::string& directory, const StudyResult& study,
                 const std::string& scenario_text) {
  const std::string base = directory + "/";
  write_file(base + "scenario.yaml", scenario_text);
  write_file(base + "summary.txt", summary_text(study, TextStyle{}));
  write_file(base + "timeseries.csv", [&](std::ostream& out) { write_timeseries_csv(study, out); });
  write_file(base + "performance.json", json_text(performance_json(study)));
  // Last: where there is a result.json, the other files are of the same run.
  write_file(base + "result.json", json_text(result_json(study)));
}

}  // namespace stampede
