#include <functional>
#include <utility>

#include "numbers.hpp"
#include "stampede/stats/sample_ratio.hpp"
#include "state.hpp"
#include "subjects.hpp"

namespace stampede {
namespace {

template <class Part>
using Parts = std::vector<const Part*>;

/// The same part of all replications.
template <class Part, class PartOf>
Parts<Part> all_of(const std::vector<const AbTestRecord*>& tests, PartOf part_of) {
  Parts<Part> parts;
  for (const AbTestRecord* test : tests) {
    parts.push_back(&part_of(*test));
  }
  return parts;
}

Subject subject_called(std::string name, std::string kind) {
  Subject subject;
  subject.name = std::move(name);
  subject.kind = std::move(kind);
  return subject;
}

/// The share of replications of which something is so.
template <class Part, class IsSo>
void add_share_of_runs(Subject& to, std::string name, const Parts<Part>& parts, IsSo is_so) {
  add_proportion(to, std::move(name), parts, [&](const Part* part) {
    return Fraction{is_so(*part) ? 1.0 : 0.0, 1.0};
  });
}

/// A number that not all replications may have, averaged.
template <class Part>
void add_average(Subject& to, std::string name, const Parts<Part>& parts, double Part::*number) {
  add_mean(to, std::move(name), parts, [&](const Part* part) { return part->*number; });
}

Subject variant_subject(const Parts<AbTestRecord::Variant>& variants,
                        const std::vector<const AbTestRecord*>& tests) {
  Subject subject = subject_called(variants.front()->name, "variant");
  std::int64_t users = 0;
  for (const AbTestRecord::Variant* variant : variants) {
    users += variant->users;
  }
  subject.counts.emplace_back("users", users);
  std::vector<Fraction> shares;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const std::int64_t both = tests[i]->control.users + tests[i]->treatment.users;
    shares.push_back({static_cast<double>(variants[i]->users), static_cast<double>(both)});
  }
  add_proportion(subject, "user_share", shares, [](const Fraction& share) { return share; });
  add_average(subject, "level", variants, &AbTestRecord::Variant::level);
  add_average(subject, "mean_latency_s", variants, &AbTestRecord::Variant::latency);
  add_average(subject, "failure_share", variants, &AbTestRecord::Variant::failures);
  return subject;
}

Subject analysis_subject(const Parts<AbTestRecord::Analysis>& analyses) {
  using One = AbTestRecord::Analysis;
  Subject subject = subject_called(analyses.front()->name, "analysis");
  add_share_of_runs(subject, "found", analyses, [](const One& one) { return one.found != 0; });
  add_share_of_runs(subject, "found_higher", analyses,
                    [](const One& one) { return one.found > 0; });
  add_share_of_runs(subject, "found_lower", analyses, [](const One& one) { return one.found < 0; });
  add_average(subject, "users", analyses, &One::users);
  add_average(subject, "decided_s", analyses, &One::time_s);
  add_average(subject, "difference", analyses, &One::difference);
  return subject;
}

Subject guardrail_subject(const Parts<AbTestRecord::Guardrail>& guardrails) {
  using One = AbTestRecord::Guardrail;
  Subject subject = subject_called(guardrails.front()->name, "guardrail");
  add_share_of_runs(subject, "breached", guardrails, [](const One& one) { return one.breached; });
  add_average(subject, "breached_s", guardrails, &One::time_s);
  return subject;
}

}  // namespace

Subject ab_test_subject(const std::vector<const Recording*>& replications, std::size_t index) {
  std::vector<const AbTestRecord*> tests;
  for (const Recording* replication : replications) {
    tests.push_back(&replication->state().ab_tests[index]);
  }
  const AbTestRecord& any = *tests.front();
  Subject subject = subject_called(any.name, "ab_test");
  std::int64_t users = 0;
  for (const AbTestRecord* test : tests) {
    users += test->control.users + test->treatment.users;
  }
  subject.counts.emplace_back("users", users);
  add_share_of_runs(subject, "complete", tests,
                    [](const AbTestRecord& test) { return test.complete; });
  add_share_of_runs(subject, "sample_ratio_mismatch", tests, [](const AbTestRecord& test) {
    return test.sample_ratio_p < sample_ratio_alarm;
  });
  add_average(subject, "difference", tests, &AbTestRecord::difference);
  add_average(subject, "users_needed", tests, &AbTestRecord::users_needed);

  subject.parts.push_back(variant_subject(
      all_of<AbTestRecord::Variant>(
          tests, [](const AbTestRecord& test) -> const auto& { return test.control; }),
      tests));
  subject.parts.push_back(variant_subject(
      all_of<AbTestRecord::Variant>(
          tests, [](const AbTestRecord& test) -> const auto& { return test.treatment; }),
      tests));
  for (std::size_t i = 0; i < any.analyses.size(); ++i) {
    subject.parts.push_back(analysis_subject(all_of<AbTestRecord::Analysis>(
        tests, [i](const AbTestRecord& test) -> const auto& { return test.analyses[i]; })));
  }
  for (std::size_t i = 0; i < any.guardrails.size(); ++i) {
    subject.parts.push_back(guardrail_subject(all_of<AbTestRecord::Guardrail>(
        tests, [i](const AbTestRecord& test) -> const auto& { return test.guardrails[i]; })));
  }
  return subject;
}

}  // namespace stampede
