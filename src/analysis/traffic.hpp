#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// A component as theory sees it.
struct Part {
  std::string name;
  std::string kind;
  ComponentTheory theory;
  double instances = 1;
  std::vector<PlaceId> places;  ///< of its instances
  bool is_with_users = false;   ///< its instances stand where users are
  bool is_on_users_devices = false;
  std::optional<std::size_t> host;  ///< the component in whose instances it lives
  std::vector<double> shares;  ///< of the users whose requests come to each instance; all equal
                               ///< if empty
};

/// Requests of one kind that come to one component.
struct RequestStream {
  std::size_t part = 0;
  std::string type;
  Operation operation = Operation::read;
  std::size_t keys = 0;  ///< which law; 0: of items that nobody else asks for
  std::size_t population = 0;
  const Flow* flow = nullptr;  ///< what is done for one
  double bytes = 0;            ///< of the answer, on average
  int priority = 0;
  double rate = 0;  ///< a second
  /// Share of its requests by range of its law, which caches before it have changed: what they hit
  /// does not come here. Empty without a law.
  std::vector<double> popularity;
  std::vector<double> range_hits;  ///< share of these that a cache answers
  double hit = 0;                  ///< share of these that a cache answers, if it is one
  /// Those who send it, each dividing its calls for itself, and how varied their gaps are.
  double callers = 0;
  double interarrival_scv = 1;
  std::optional<Split> split;  ///< as its callers say
};

/// Requests of one type of a population, as they reach its target.
struct Source {
  std::size_t population = 0;
  std::string type;
  double share = 0;  ///< of the population's requests
  std::size_t stream = 0;
};

/// The traffic equations: how often each component is asked for what. λ_j = γ_j + Σ λ_i v_ij, with
/// the visits v_ij that the handlers of i make to j, which hits of caches lower. Cycles are
/// allowed.
class Traffic {
 public:
  explicit Traffic(const Scenario& scenario);

  /// Solves them for these rates of the populations, with the hit ratios that follow.
  void solve(const std::vector<double>& population_rates);

  /// Share of the requests of a stream that is taken in, in place of 1; for the next `solve`.
  void let_in(std::size_t stream, double share) { admitted_[stream] = share; }

  const std::vector<Part>& parts() const { return parts_; }
  const std::vector<RequestStream>& streams() const { return streams_; }
  const std::vector<Source>& sources() const { return sources_; }
  const std::vector<KeyRange>& keys(std::size_t law) const { return laws_[law]; }

  /// The stream that a call of this stream's handler belongs to.
  std::size_t callee(const CallTheory& whom, const RequestStream& from) const;
  /// How often `on_miss` of that flow comes to pass.
  double miss(const Flow& on_miss, const RequestStream& from) const;

  /// Visits to each stream and work for one request of `stream`, by walking its flow: calls
  /// `seen(part of the flow, how often)` for every compute, wait, call, publish and unknown in it.
  template <class Seen>
  void walk(const RequestStream& stream, Seen seen) const {
    const auto without_filter = [&](const Flow& flow, double often, const Flow*) {
      seen(flow, often);
    };
    walk(*stream.flow, stream, 1, nullptr, without_filter);
  }

  bool is_solved() const { return is_solved_; }
  /// The hit ratio of a cache, all its reads together; nothing if unknown or no cache.
  std::optional<double> hit_ratio(std::size_t part) const;
  /// Why it is unknown; else empty.
  const std::string& hit_ratio_unknown(std::size_t part) const { return unknown_hits_[part]; }

 private:
  template <class Seen>
  void walk(const Flow& flow, const RequestStream& from, double often, const Flow* missed,
            Seen& seen) const;
  std::size_t find_or_add(const CallTheory& whom, const RequestStream& from);
  void add_callees(std::size_t stream);
  void add_parts(const Scenario& scenario);
  void add_sources(const Scenario& scenario);
  std::size_t law_of(const Choice<KeyLaw>& choice);
  void solve_once(const std::vector<double>& population_rates);
  bool find_hits();
  bool find_popularity();
  const RequestStream* cache_read(const Flow& on_miss, const RequestStream& from) const;
  /// Whether the component, a cache, keeps what these requests read.
  bool keeps(const RequestStream& stream) const;
  bool find_hits_of(std::size_t part);
  /// Adds the hits in a table that sees that share of the traffic.
  void add_hits(std::size_t part, const std::map<std::string, std::vector<std::size_t>>& by_space,
                double capacity, double seen, double weight,
                std::map<std::size_t, std::vector<double>>& hits) const;
  double users_behind(std::size_t part) const;

  using StreamKey = std::tuple<std::size_t, std::string, Operation, std::size_t, std::size_t>;

  std::vector<Part> parts_;
  std::map<std::string, std::size_t> part_of_;
  std::vector<RequestStream> streams_;
  std::map<StreamKey, std::size_t> stream_of_;
  std::vector<double> admitted_;
  std::vector<Source> sources_;
  std::vector<double> user_counts_;  ///< by population; 0: without number
  std::vector<std::vector<KeyRange>> laws_;
  std::map<std::string, std::size_t> law_of_;
  std::vector<bool> law_is_known_;
  std::vector<std::string> unknown_hits_;
  bool is_solved_ = true;
};

template <class Seen>
void Traffic::walk(const Flow& flow, const RequestStream& from, double often, const Flow* missed,
                   Seen& seen) const {
  switch (flow.kind) {
    case Flow::Kind::sequence:
      for (const Flow& part : flow.parts) {
        walk(part, from, often * flow.times, missed, seen);
      }
      break;
    case Flow::Kind::choose:
      for (std::size_t i = 0; i < flow.parts.size(); ++i) {
        walk(flow.parts[i], from, often * flow.chances[i], missed, seen);
      }
      break;
    case Flow::Kind::parallel:
      for (const Flow& part : flow.parts) {
        walk(part, from, often, missed, seen);
      }
      break;
    case Flow::Kind::on_miss:
      for (const Flow& part : flow.parts) {
        walk(part, from, often * miss(flow, from), &flow, seen);
      }
      break;
    case Flow::Kind::compute:
    case Flow::Kind::wait:
    case Flow::Kind::call:
    case Flow::Kind::publish:
    case Flow::Kind::unknown:
      seen(flow, often, missed);
      break;
  }
}

}  // namespace stampede
