#include "stampede/measure/meter.hpp"

#include <algorithm>

namespace stampede {

// ---- Seeing -----------------------------------------------------------------------------------

void Meter::arrived(Time now) {
  recorder_.arrived(now);
  in_flight_.change(now, 1);
}

void Meter::queue_changed(Time now, std::int64_t by) {
  recorder_.queue_changed(now, by);
  queue_.change(now, by);
}

void Meter::busy_workers_changed(Time now, std::uint32_t instance, std::int64_t by) {
  recorder_.busy_workers_changed(now, instance, by);
  busy_workers_.change(now, by);
}

void Meter::busy_cores_changed(Time now, std::int64_t by) { recorder_.busy_cores_changed(now, by); }

void Meter::ended(Time now, const Visit& visit) {
  recorder_.ended(now, visit);
  in_flight_.change(now, -1);
  take(now, visit);
}

void Meter::passed(Time now, const Visit& visit) {
  recorder_.passed(now, visit);
  in_flight_.blip();
  take(now, visit);
}

void Meter::take(Time now, const Visit& visit) {
  Answers& answers = answers_of(visit.version);
  answers.outcomes[static_cast<std::size_t>(visit.outcome)].add();
  ++answers.so_far.requests;
  answers.so_far.ok += visit.outcome == Outcome::ok ? 1 : 0;
  if (visit.started) {
    answers.response.record((now - visit.arrived).ns());
  }
}

void Meter::capacity_changed(Time now, std::int64_t workers, std::int64_t cores,
                             std::int64_t instances) {
  recorder_.capacity_changed(now, workers, cores, instances);
  workers_.change(now, workers);
}

Meter::Answers& Meter::answers_of(std::uint16_t version) {
  const auto [found, is_new] = answers_.try_emplace(version);
  if (is_new) {  // there was nothing to see of it until now
    for (std::size_t i = 0; i < scrapes_; ++i) {
      for (SlicedCount& outcome : found->second.outcomes) {
        outcome.close_slice();
      }
      found->second.response.close_slice();
    }
  }
  return found->second;
}

void Meter::scrape(Time now) {
  for (auto& [version, answers] : answers_) {
    for (SlicedCount& outcome : answers.outcomes) {
      outcome.close_slice();
    }
    answers.response.close_slice();
  }
  for (SlicedLevel* level : {&queue_, &in_flight_, &busy_workers_, &workers_}) {
    level->close_slice(now);
  }
  ++scrapes_;
}

// ---- Telling ----------------------------------------------------------------------------------

Metrics::Answered Meter::answered(std::uint16_t version) const {
  const auto found = answers_.find(version);
  return found == answers_.end() ? Answered() : found->second.so_far;
}

std::optional<double> Meter::read(const MetricQuery& query) const {
  if (scrapes_ == 0) {
    return std::nullopt;
  }
  const auto wanted = static_cast<std::size_t>((query.window.ns() - 1) / scrape_interval_.ns() + 1);
  const Span span{scrapes_ - std::min(wanted, scrapes_), scrapes_};
  switch (query.metric) {
    case MonitoredMetric::queue_length:
      return mean(queue_, span);
    case MonitoredMetric::in_flight:
      return mean(in_flight_, span);
    case MonitoredMetric::utilization: {
      const Int128 existing = workers_.totals(span.first, span.end).area;
      if (existing == 0) {
        return std::nullopt;
      }
      const Int128 held = busy_workers_.totals(span.first, span.end).area;
      return static_cast<double>(held) / static_cast<double>(existing);
    }
    default:
      return read_answers(query, span);
  }
}

std::optional<double> Meter::mean(const SlicedLevel& level, Span span) const {
  const Duration length = scrape_interval_ * static_cast<std::int64_t>(span.end - span.first);
  return level.totals(span.first, span.end).mean_over(length);
}

std::optional<double> Meter::read_answers(const MetricQuery& query, Span span) const {
  std::int64_t ended = 0;
  std::int64_t ok = 0;
  Summary response;
  for (const auto& [version, answers] : answers_) {
    if (query.version && *query.version != version) {
      continue;
    }
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const std::int64_t count = answers.outcomes[i].total(span.first, span.end);
      ended += count;
      ok += i == static_cast<std::size_t>(Outcome::ok) ? count : 0;
    }
    response.merge(answers.response.merged(span.first, span.end));
  }
  const auto quantile = [&](double q) {
    return response.empty() ? std::nullopt : std::optional(response.quantile(q) * 1e-9);
  };
  switch (query.metric) {
    case MonitoredMetric::throughput: {
      const Duration length = scrape_interval_ * static_cast<std::int64_t>(span.end - span.first);
      return static_cast<double>(ended) / length.seconds();
    }
    case MonitoredMetric::error_rate:
      return ended == 0
                 ? std::nullopt
                 : std::optional(static_cast<double>(ended - ok) / static_cast<double>(ended));
    case MonitoredMetric::response_p50:
      return quantile(0.5);
    case MonitoredMetric::response_p95:
      return quantile(0.95);
    case MonitoredMetric::response_p99:
      return quantile(0.99);
    default:
      return std::nullopt;
  }
}

}  // namespace stampede
