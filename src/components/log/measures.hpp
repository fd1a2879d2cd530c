#pragma once

#include "stampede/model/observer.hpp"

namespace stampede {

/// How a consumer group gets on. A log has these of all its groups together, and the service that
/// consumes has those of its group.
struct GroupMeasures {
  explicit GroupMeasures(std::string_view kind)
      : processed{kind, Measure::count, "processed",
                  "messages of a log that a consumer group processed, or found that it had "
                  "processed "
                  "another copy of; each counted once"},
        duplicates{kind, Measure::count, "duplicates",
                   "how often a consumer group processed a message of a log again"},
        skipped{kind, Measure::count, "skipped",
                "messages of a log that failed for good and were passed over"},
        expired{kind, Measure::count, "expired",
                "messages that a log deleted before a consumer group had read them"},
        unprocessed{kind, Measure::count, "unprocessed",
                    "messages that a consumer had committed before it processed them "
                    "(at_most_once), and did not live to process"},
        rebalances{kind, Measure::count, "rebalances",
                   "how often the partitions of a log were distributed anew in a consumer group"},
        lag{kind, Measure::level, "lag", "messages of a log that a consumer group has before it"},
        completion{kind, Measure::times, "completion",
                   "from appended to a log to processed for the first time"},
        end_to_end{kind, Measure::times, "end_to_end",
                   "from the user's request, whatever stands in between, to the message of it "
                   "processed for the first time"},
        rebalance{kind, Measure::times, "rebalance", "how long a rebalance of a group took"} {}

  Measure processed;
  Measure duplicates;
  Measure skipped;
  Measure expired;
  Measure unprocessed;
  Measure rebalances;
  Measure lag;
  Measure completion;
  Measure end_to_end;
  Measure rebalance;
};

/// The same, ready to be told.
struct GroupTold {
  GroupTold(const GroupMeasures& measures, ComponentObserver& observer)
      : processed(observer.tally(measures.processed)),
        duplicates(observer.tally(measures.duplicates)),
        skipped(observer.tally(measures.skipped)),
        expired(observer.tally(measures.expired)),
        unprocessed(observer.tally(measures.unprocessed)),
        rebalances(observer.tally(measures.rebalances)),
        lag(observer.gauge(measures.lag)),
        completion(observer.timing(measures.completion)),
        end_to_end(observer.timing(measures.end_to_end)),
        rebalance(observer.timing(measures.rebalance)) {}

  Tally& processed;
  Tally& duplicates;
  Tally& skipped;
  Tally& expired;
  Tally& unprocessed;
  Tally& rebalances;
  Gauge& lag;
  Timing& completion;
  Timing& end_to_end;
  Timing& rebalance;
};

/// What a log measures besides its groups.
struct LogMeasures {
  explicit LogMeasures(std::string_view kind)
      : published{kind, Measure::count, "published", "messages that a leader took in"},
        batches{kind, Measure::count, "batches", "batches that they came in"},
        lost{kind, Measure::count, "lost",
             "messages of which their publisher was told that they are in, and which nobody can "
             "read: they never were, or a new leader does not have them"},
        elections{kind, Measure::count, "elections", "copies that became the leader"},
        failover{kind, Measure::times, "failover",
                 "time from a leader's death until another one takes messages"},
        replication{kind, Measure::times, "replication",
                    "time from a message at the leader until a copy has it too, of each fetch its "
                    "oldest"} {}

  Measure published;
  Measure batches;
  Measure lost;
  Measure elections;
  Measure failover;
  Measure replication;
  Detector leader_elections{"leader_election", elections};
};

/// The same, ready to be told.
struct LogTold {
  LogTold(const LogMeasures& measures, ComponentObserver& observer)
      : published(observer.tally(measures.published)),
        batches(observer.tally(measures.batches)),
        lost(observer.tally(measures.lost)),
        elections(observer.tally(measures.elections)),
        failover(observer.timing(measures.failover)),
        replication(observer.timing(measures.replication)) {}

  Tally& published;
  Tally& batches;
  Tally& lost;
  Tally& elections;
  Timing& failover;
  Timing& replication;
};

}  // namespace stampede
