#pragma once

#include <bit>
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
    types_.reserve(types.size());
    for (const auto& [id, type] : types) {
      if (id >= ledger_of_type_.size()) {
        ledger_of_type_.resize(id + 1U, nullptr);
      }
      require(ledger_of_type_[id] == nullptr, "a population names each of its types once");
      ledger_of_type_[id] = &types_.emplace_back(type, cursor.grid());
    }
    for (UserDivision& division : divisions) {
      divisions_.push_back({std::move(division.kind), {}});
      for (const std::string& part : division.names) {
        divisions_.back().parts.emplace_back(part, cursor.grid());
      }
    }
    require(divisions_.empty() || part_of_ != nullptr, "somebody knows who is in which division");
  }

  void sent(const Request& request) override {
    if (is_finished_) [[unlikely]] {
      return;
    }
    const std::size_t cohort = cursor_.slice_of(request.sent);
    ledger_of(request).sent(cohort, request.sent);
    if (!divisions_.empty()) {
      sent_by_parts(cohort, request);
    }
  }

  void attempt_ended(const Request& attempt, Outcome outcome) override {
    if (is_finished_) [[unlikely]] {
      return;
    }
    const std::size_t cohort = cursor_.slice_of(attempt.sent);
    const bool is_retry = attempt.attempt > 0;
    ledger_of(attempt).attempt_ended(cohort, is_retry, outcome);
    for_each_part_of(attempt,
                     [&](RequestLedger& part) { part.attempt_ended(cohort, is_retry, outcome); });
  }

  void ended(const Request& request, Time now, const Response& response,
             bool at_first_try) override {
    if (is_finished_) [[unlikely]] {
      return;
    }
    RequestEnd end;
    end.cohort = cursor_.slice_of(request.sent);
    end.sent = request.sent;
    end.at = now;
    end.outcome = response.outcome;
    end.is_good = response.ok() && end.latency_ns() <= deadline_.ns();
    end.at_first_try = at_first_try;
    end.shows_data =
        response.ok() && response.stamp.is_data() && request.operation == Operation::read;
    end.is_stale = end.shows_data && response.stale;
    end.is_degraded = response.ok() && response.degraded;
    ledger_of(request).ended(end);
    if (!divisions_.empty()) {
      ended_by_parts(request, end);
    }

    // What ended is spread by odd factors; the order in which it did, by the chain of turns.
    const std::uint64_t what = request.id * 0x9e3779b97f4a7c15U +
                               static_cast<std::uint64_t>(now.ns()) * 0xc2b2ae3d27d4eb4fU +
                               (index_ << 8 | static_cast<unsigned>(response.outcome));
    fingerprint_ = std::rotl(fingerprint_ + what, 29) * 0x9fb21c651e98df25U;
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
  void sent_by_parts(std::size_t cohort, const Request& request);
  void ended_by_parts(const Request& request, const RequestEnd& end);

  RequestLedger& ledger_of(const Request& request) {
    require(request.type < ledger_of_type_.size() && ledger_of_type_[request.type] != nullptr,
            "a population sends requests of its own types");
    return *ledger_of_type_[request.type];
  }

  template <class Act>
  void for_each_part_of(const Request& request, Act act) {
    std::size_t i = 0;
    for (Division& division : divisions_) {
      const int part = part_of_(request.user, i++);
      if (part >= 0) {
        act(division.parts[static_cast<std::size_t>(part)]);
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
  std::vector<RequestLedger*> ledger_of_type_;  ///< by the type's global id; null: not ours
  std::vector<RequestLedger> types_;
  std::vector<Division> divisions_;
  std::function<int(std::uint64_t, std::size_t)> part_of_;
  bool is_finished_ = false;
};

}  // namespace stampede
