#include "stampede/report/csv.hpp"

#include <fmt/format.h>

#include "stampede/measure/summarize.hpp"
#include "stampede/report/exact.hpp"

namespace stampede {
namespace {

// Names of subjects and metrics hold neither commas nor quotes, so no field needs quoting.
void add_subject(std::string& csv, const Subject& subject, const std::string& path,
                 std::int64_t replications) {
  for (const auto& [name, count] : subject.counts) {
    csv += fmt::format("{},{},{},,,{}\n", path, name, count, replications);
  }
  for (const Metric& metric : subject.metrics) {
    const Estimate& value = metric.value;
    csv += fmt::format("{},{},{},{},{},{}\n", path, metric.name, exact_text(value.estimate),
                       exact_text(value.low), exact_text(value.high), value.n);
  }
  for (const Subject& part : subject.parts) {
    add_subject(csv, part, path + "." + part.name, replications);
  }
}

}  // namespace

std::string result_csv(const StudyResult& study) {
  std::string csv = "subject,metric,estimate,low,high,n\n";
  for (const auto* subjects :
       {&study.result.traffic, &study.result.components, &study.result.rollouts}) {
    for (const Subject& subject : *subjects) {
      add_subject(csv, subject, subject.name, study.result.replications);
    }
  }
  return csv;
}

void write_timeseries_csv(const StudyResult& study, std::ostream& out) {
  out << "replication,time_s,subject,metric,value\n";
  for (const auto& [number_of_replication, recording] : study.recordings) {
    for (const SeriesPoint& point : time_series(*recording, number_of_replication)) {
      out << fmt::format("{},{},{},{},{}\n", point.replication, point.time_s, point.subject,
                         point.metric, exact_text(point.value));
    }
  }
}

}  // namespace stampede
