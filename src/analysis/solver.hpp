#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stampede/analysis/predict.hpp"
#include "stampede/model/arrivals.hpp"
#include "stations.hpp"
#include "traffic.hpp"

namespace stampede {

/// A population as theory sees it.
struct Users {
  ArrivalTheory arrivals;
  double rate = 0;              ///< open: given; closed: found
  double patience = 0;          ///< mean; 0: for ever
  double count = 0;             ///< of a closed one
  std::vector<double> regions;  ///< share in each
  std::vector<std::string> remarks;
  std::string unknown;
};

/// Solves a scenario for one level of load: what stations wait, and what handlers take, depends on
/// each other, so both are found in turn until they agree.
class Solver {
 public:
  Solver(const Scenario& scenario, double load);

  void solve();

  bool is_solved() const { return traffic_.is_solved(); }
  /// The greatest of all: what is asked of the tightest resource over what it can do.
  std::pair<double, std::optional<std::size_t>> greatest_pressure() const;

  Prediction prediction() const;
  std::optional<double> saturation_users() const { return saturation_users_; }
  const std::vector<Users>& users() const { return users_; }

 private:
  // ---- Users ----

  void read_users(double load);

  /// Of the time that results are of; where the rate changes, with a remark.
  double mean_rate(const RateProfile& profile, Users& users) const;

  std::vector<double> rates() const;

  // ---- The network ----

  /// The way there and back between two sets of places, all pairs alike.
  Span round_trip(const std::vector<PlaceId>& from, const std::vector<PlaceId>& to) const;

  void find_ways();

  Span way_from(const RequestStream& from, std::size_t to) const;

  // ---- Handlers ----

  /// How long a flow takes, waits for workers of others and for cores included.
  Span time_of(const Flow& flow, const RequestStream& from, std::size_t local) const;

  /// What is asked of a component, with what handlers take at present.
  PartLoad load_of(std::size_t part) const;

  std::optional<double> patience_of(std::size_t part) const;

  /// The response of a visit.
  Span response_of(std::size_t part, std::size_t local) const;

  /// From the call of somebody at these places until the answer: of a store, when so many of its
  /// copies have answered, each from where it stands.
  Span answer_to(const std::vector<PlaceId>& from, const Span& way, std::size_t to) const;

  /// An order statistic; iterations ask for the same ones again and again.
  TwoMoments last_of(const std::vector<TwoMoments>& branches, std::size_t needed) const;

  /// Of the requests of a source, network included.
  Span latency_of(const Source& source) const;

  // ---- Open traffic ----

  void solve_open();

  /// Responses and queues in turn, until nothing changes any more.
  void iterate(const std::function<void(std::size_t part)>& update_queues);

  void find_nodes();

  /// Who is turned away calls nobody.
  double let_in();

  // ---- Closed traffic ----

  /// Throughput and waits by mean value analysis; the rest of the world, which does not queue, is
  /// think time to it. What stations are asked for follows from the throughput, and how much
  /// resources that calls hold are asked for from responses: in turn, until they agree.
  void solve_closed();
  void find_closed_queues(std::size_t part);

  const Scenario& scenario_;
  Geography geography_;
  Traffic traffic_;
  std::vector<Users> users_;
  std::vector<std::vector<std::size_t>> of_part_;  ///< streams by part
  std::vector<std::vector<Node>> nodes_;
  std::vector<PartLoad> loads_;
  std::vector<PartQueues> queues_;
  std::vector<double> lost_;
  std::vector<Span> responses_;               ///< by stream
  std::vector<std::vector<PlaceId>> places_;  ///< of the instances of each part, or of some
  mutable std::map<std::vector<double>, TwoMoments> order_statistics_;
  std::vector<std::vector<Span>> ways_;
  std::vector<std::vector<Span>> ways_of_users_;  ///< by population and part
  bool has_closed_ = false;
  std::vector<double> closed_wait_;  ///< by part: of a visit, in front of its tightest resource
  std::optional<double> saturation_users_;
  std::vector<std::string> remarks_;
};

}  // namespace stampede
