#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stampede/kernel/cpu.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/model/request.hpp"
#include "stampede/model/sharding.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/keys.hpp"
#include "stampede/stats/queueing.hpp"

namespace stampede {

// What plug-ins say of themselves for predictions, in words that theory has for all of them:
// whoever predicts knows no kind by its name. Each is a `static Theory theory(const Settings&)` of
// the plug-in (schema/registry.hpp). What has no theory has no such function, or says why in
// `unknown`. Times are in seconds.

/// How calls are divided among the instances that could take them.
struct Split {
  enum class Kind {
    in_turn,       ///< one after the other, each caller for itself
    random,        ///< whatever their load
    least_loaded,  ///< of `choices` random ones; of all, if infinite
    by_key,        ///< equal keys to the same one
  };
  Kind kind = Kind::in_turn;
  double choices = std::numeric_limits<double>::infinity();
};

/// One component asks another.
struct CallTheory {
  std::string target;
  std::string type{};                    ///< the request's unless given
  std::optional<Operation> operation{};  ///< the request's unless given
  Choice<KeyLaw> keys{};                 ///< the request's unless given
  std::optional<Split> split{};          ///< as the target's own clients do it unless given
  bool may_fail = false;                 ///< who calls goes on without an answer
};

/// What is done for a request, as a tree.
struct Flow {
  enum class Kind {
    sequence,  ///< `parts`, one after the other, `times` times
    compute,   ///< `time` on a core
    wait,      ///< `time` without one
    call,      ///< `whom`, and wait for its answer
    publish,   ///< `whom`, and go on
    choose,    ///< one of `parts`, with `chances`; nothing in the remaining cases
    parallel,  ///< all `parts` at once, until `needed` are done
    on_miss,  ///< `parts`, unless a copy was found in the cache `whom.target`, or in the own one if
              ///< that is empty
    unknown,  ///< `why` says why there is no theory of it
  };
  Kind kind = Kind::sequence;
  std::vector<Flow> parts{};
  double times = 1;
  TwoMoments time{};
  CallTheory whom{};
  std::vector<double> chances{};
  std::size_t needed = 0;
  std::string why{};

  static Flow nothing() { return {}; }
  static Flow sequence(std::vector<Flow> parts, double times = 1) {
    return {.parts = std::move(parts), .times = times};
  }
  static Flow compute(const Distribution<Duration>& work) {
    return {.kind = Kind::compute, .time = moments(work)};
  }
  static Flow wait(const Distribution<Duration>& length) {
    return {.kind = Kind::wait, .time = moments(length)};
  }
  static Flow call(CallTheory whom) { return {.kind = Kind::call, .whom = std::move(whom)}; }
  static Flow publish(CallTheory whom) { return {.kind = Kind::publish, .whom = std::move(whom)}; }
  static Flow on_miss(std::string cache, std::vector<Flow> parts) {
    return {.kind = Kind::on_miss, .parts = std::move(parts), .whom = {.target = std::move(cache)}};
  }
  static Flow unknown(std::string why) { return {.kind = Kind::unknown, .why = std::move(why)}; }

  static TwoMoments moments(const Distribution<Duration>& law) {
    const double mean = law.mean();
    return {.mean = mean * 1e-9, .scv = mean > 0 ? law.variance() / (mean * mean) : 0};
  }
};

/// What a component does with requests of some type, or of some operation.
struct HandlerTheory {
  std::string type{};                    ///< empty: of all types that no other handler is for
  std::optional<Operation> operation{};  ///< unless given, whatever it does
  Flow flow{};
};

/// The copies that a cache keeps.
struct CopiesTheory {
  std::optional<double> hit_ratio{};                                  ///< a constant
  double capacity_bytes = std::numeric_limits<double>::infinity();    ///< of each instance
  double capacity_entries = std::numeric_limits<double>::infinity();  ///< of each instance
  double ttl = std::numeric_limits<double>::infinity();
  bool renew_on_hit = false;
  std::optional<Forgetting> forgetting{};  ///< nothing: no theory of this eviction policy
  bool drops_written = false;              ///< a write removes the copy, as removals do
  bool tells_types_apart = false;          ///< the same key is another item for each request type
  /// Whom a copy is for: whoever asks for its key, those who ask this instance, this user alone.
  enum class For { all, instance, user } whom = For::all;
  std::string unknown{};  ///< why its hit ratio is; else empty
};

/// A store whose keys are divided, and kept in copies. A request goes to all copies that take part,
/// of which so many must answer.
struct ShardsTheory {
  Choice<Sharding> sharding{};
  double shards = 1;
  double copies = 1;
  double reads_asked = 1;    ///< copies that work on each read
  double reads_among = 1;    ///< copies that these are taken from, by chance
  double reads_needed = 1;   ///< answers that the reader waits for
  double writes_asked = 1;   ///< copies that take each write; others apply it aside
  double writes_among = 1;   ///< copies that these are taken from
  double writes_needed = 1;  ///< answers that the writer waits for
  bool fails_over = false;   ///< another copy takes the place of one that leads
};

/// How messages come to a component.
struct ConsumesTheory {
  std::string source{};
  double consumers = 1;   ///< of each instance: messages that it handles at a time
  double partitions = 0;  ///< of a log: no more consumers than that have work
};

/// A component: instances that are alike, each with a line for workers, then cores.
struct ComponentTheory {
  double workers = std::numeric_limits<double>::infinity();  ///< of each instance
  bool holds_worker = true;  ///< from start to end of a request, calls included; else to compute
  double room = std::numeric_limits<double>::infinity();  ///< for those who wait for a worker
  QueueDiscipline discipline = QueueDiscipline::fifo;
  double cores = std::numeric_limits<double>::infinity();  ///< of each instance
  CpuScheduling scheduling = CpuScheduling::fifo;
  double core_room = std::numeric_limits<double>::infinity();  ///< for those who wait for a core
  std::vector<HandlerTheory> handlers{};
  std::optional<CopiesTheory> copies{};
  std::optional<ShardsTheory> shards{};
  std::optional<ConsumesTheory> consumes{};
  std::optional<Split> split{};  ///< how those who call it without a balancer divide their calls
  Distribution<Duration> way_to_users{};  ///< each way, where it has a network of its own to them
  std::vector<std::string> remarks{};     ///< what its theory leaves out
  std::string unknown{};                  ///< why there is no theory of it; else empty
};

}  // namespace stampede
