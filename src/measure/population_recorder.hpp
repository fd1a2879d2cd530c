#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "request_ledger.hpp"
#include "slice_cursor.hpp"
#include "stampede/base/require.hpp"
#include "stampede/measure/recording.hpp"

namespace stampede {

/// Records one population: each request once in the ledger of its type, and once for each division
/// of the users. The population as a whole is the sum over its types.
class PopulationRecorder final : public PopulationObserver {
 public:
  /// `cursor` and `fingerprint` belong to the recording, `index` is the population's number in it.
  PopulationRecorder(const SliceCursor& cursor, std::uint64_t& fingerprint, std::uint64_t index,
                     const std::string& name,
                     const std::vector<std::pair<RequestTypeId, std::string>>& types,
                     std::vector<UserDivision> divisions,
                     std::function<int(std::uint64_t, std::size_t)> part_of, Duration deadline)
      : cursor_(cursor),
        fingerprint_(fingerprint),
        index_(index),
        name_(name),
        deadline_(deadline),
        part_of_(std::move(part_of)) {
    const Time end = cursor.grid().boundary(cursor.grid().count());
    for (const auto& [id, type] : types) {
      if (id >= ledger_of_type_.size()) {
        ledger_of_type_.resize(id + 1U, no_ledger);
      }
      require(ledger_of_type_[id] == no_ledger, "a population names each of its types once");
      ledger_of_type_[id] = types_.size();
      types_.emplace_back(type, end);
    }
    for (UserDivision& division : divisions) {
      divisions_.push_back({std::move(division.kind), {}});
      for (const std::string& part : division.names) {
        divisions_.back().parts.emplace_back(part, end);
      }
    }
    require(divisions_.empty() || part_of_ != nullptr, "somebody knows who is in which division");
  }

  void sent(const Request& request) override {
    const std::size_t cohort = cursor_.slice_of(request.sent);
    in_ledgers_of(request, [&](RequestLedger& ledger) { ledger.sent(cohort, request.sent); });
  }

  void attempt_ended(const Request& attempt, Outcome outcome) override {
    const std::size_t cohort = cursor_.slice_of(attempt.sent);
    const bool is_retry = attempt.attempt > 0;
    in_ledgers_of(attempt,
                  [&](RequestLedger& ledger) { ledger.attempt_ended(cohort, is_retry, outcome); });
  }

  void ended(const Request& request, Time now, Duration latency, Outcome outcome) override {
    record_end(request, now, latency, outcome, [](RequestLedger&, std::size_t) {});
  }

  void ended_at_first_try(const Request& request, Time now, Duration latency,
                          Outcome outcome) override {
    record_end(request, now, latency, outcome,
               [outcome](RequestLedger& ledger, std::size_t cohort) {
                 ledger.attempt_ended(cohort, /*is_retry=*/false, outcome);
               });
  }

  void close_slice() {
    for_each_ledger([](RequestLedger& ledger) { ledger.close_slice(); });
  }
  void finish() {
    is_finished_ = true;
    for_each_ledger([](RequestLedger& ledger) { ledger.finish(); });
  }

  /// After `finish`: the first exact law that does not hold, else empty.
  std::string broken_law() const;

  // ---- Reading, after `finish` ----

  struct Division {
    std::string kind;
    std::vector<RequestLedger> parts;
  };

  const std::string& name() const { return name_; }
  const std::vector<RequestLedger>& types() const { return types_; }
  const std::vector<Division>& divisions() const { return divisions_; }

 private:
  static constexpr std::size_t no_ledger = SIZE_MAX;

  template <class AlsoRecord>
  void record_end(const Request& request, Time now, Duration latency, Outcome outcome,
                  AlsoRecord also_record) {
    const std::size_t cohort = cursor_.slice_of(request.sent);
    const bool is_good = outcome == Outcome::ok && latency <= deadline_;
    in_ledgers_of(request, [&](RequestLedger& ledger) {
      also_record(ledger, cohort);
      ledger.ended(cohort, request.sent, now, latency, outcome, is_good);
    });
    if (!is_finished_) {
      // What ended is spread by odd factors; the order in which it did, by the chain of combine.
      const std::uint64_t what = request.id * 0x9e3779b97f4a7c15U +
                                 static_cast<std::uint64_t>(now.ns()) * 0xc2b2ae3d27d4eb4fU +
                                 (index_ << 8 | static_cast<unsigned>(outcome));
      fingerprint_ = combine(fingerprint_, what);
    }
  }

  template <class Act>
  void in_ledgers_of(const Request& request, Act act) {
    if (is_finished_) [[unlikely]] {
      return;
    }
    require(request.type < ledger_of_type_.size() && ledger_of_type_[request.type] != no_ledger,
            "a population sends requests of its own types");
    act(types_[ledger_of_type_[request.type]]);
    for (std::size_t i = 0; i < divisions_.size(); ++i) {
      const int part = part_of_(request.user, i);
      if (part >= 0) {
        act(divisions_[i].parts[static_cast<std::size_t>(part)]);
      }
    }
  }

  template <class Act>
  void for_each_ledger(Act act) {
    for (RequestLedger& type : types_) {
      act(type);
    }
    for (Division& division : divisions_) {
      for (RequestLedger& part : division.parts) {
        act(part);
      }
    }
  }

  const SliceCursor& cursor_;
  std::uint64_t& fingerprint_;
  std::uint64_t index_;
  std::string name_;
  Duration deadline_;
  std::vector<std::size_t> ledger_of_type_;  ///< by the type's global id
  std::vector<RequestLedger> types_;
  std::vector<Division> divisions_;
  std::function<int(std::uint64_t, std::size_t)> part_of_;
  bool is_finished_ = false;
};

}  // namespace stampede
