#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace stampede {

// Formulas of queueing theory. Times and rates may be in any unit as long as all of one call are in
// the same. What grows without bound is infinite, not an error: a station at or beyond its capacity
// waits for ever.

/// What a station is asked to do.
struct Load {
  double rate = 0;              ///< arrivals in a unit of time
  double service = 0;           ///< mean time that one takes a server
  double service_scv = 1;       ///< variance of that over the square of its mean
  double interarrival_scv = 1;  ///< the same of the gaps between arrivals; 1 for a Poisson process

  double offered() const { return rate * service; }  ///< in erlangs: mean number of busy servers
};

/// What becomes of it in the steady state; means over all that are served.
struct Queue {
  double utilization = 0;    ///< of each server
  double wait = 0;           ///< from arrival to a server; over all who enter
  double response = 0;       ///< wait and service
  double waiting_share = 0;  ///< of arrivals that do not find a free server
  double length = 0;         ///< mean number that waits
  double loss = 0;           ///< share of arrivals that is turned away or leaves the line
};

/// Probability that an arrival finds all `servers` taken where nobody waits (M/G/c/c), for an
/// offered load in erlangs. The recursion of the inverse is stable (Jagerman: Some Properties of
/// the Erlang Loss Function, Bell System Technical Journal 53, 1974).
double erlang_b(double servers, double offered);

/// Probability that an arrival has to wait in M/M/c (Kleinrock: Queueing Systems I, 1975, §3.5); 1
/// at and beyond the capacity.
double erlang_c(double servers, double offered);

/// M/M/c: Erlang C. Exact.
Queue mmc(double servers, const Load& load);

/// M/M/c with room for `capacity` who wait; more are turned away (Gross, Harris: Fundamentals of
/// Queueing Theory, 1985, §2.5). Exact. Stable under every load.
Queue mmck(double servers, double capacity, const Load& load);

/// M/G/1: Pollaczek 1930, Khinchine 1932. Exact; `load.interarrival_scv` has no say.
Queue mg1(const Load& load);

/// G/G/c: Erlang C's wait times (ca² + cs²)/2 (Allen: Probability, Statistics, and Queueing Theory,
/// 2nd ed. 1990, §5.5.5, the formula of Allen and Cunneen). Exact for M/M/c and M/G/1, about 5 %
/// off in the mean wait of M/G/c above 70 % utilisation with cs² up to 2; too low under light
/// traffic with many servers where services vary little, too high where they vary much. Where ca² <
/// 1 the factor of Krämer and Langenbach-Belz (8th International Teletraffic Congress, 1976) takes
/// away what regular arrivals save: without it, evenly spaced arrivals wait too long.
Queue ggc(double servers, const Load& load);

/// G/G/c with room for `capacity` who wait: the exact shares of M/M/c/K, its wait times (ca² +
/// cs²)/2. Exact with exponential gaps and services; without room for anybody to wait, the loss is
/// exact for all services (Sevastyanov 1957).
Queue ggck(double servers, double capacity, const Load& load);

/// M/M/c+M, Erlang A: those who wait leave after an exponential patience of that mean (Garnett,
/// Mandelbaum, Reiman: Designing a Call Center with Impatient Customers, M&SOM 4, 2002). Exact. The
/// wait is the mean over all, also those who left.
Queue erlang_a(double servers, double patience, const Load& load);

/// M/G/1 processor sharing: the mean response is service / (1 - ρ) whatever the law of service
/// (Kleinrock: Queueing Systems II, 1976, §4.4). With more cores, each request on one at most: that
/// of M/M/c, which is exact for every law (Cohen: The Multiple Phase Service Network with
/// Generalized Processor Sharing, Acta Informatica 12, 1979). `wait` is what sharing adds to the
/// service.
Queue processor_sharing(double cores, const Load& load);

/// M/G/1 whose classes have priorities, the first of them the highest; who is served is not
/// interrupted (Cobham: Priority Assignment in Waiting Line Problems, Operations Research 2, 1954).
/// Exact for one server; for more, all classes must have one exponential law of service. One Queue
/// for each class.
std::vector<Queue> priorities(double servers, std::span<const Load> classes);

/// The mean response where the least loaded of `choices` random queues out of very many is joined,
/// with exponential service: Σ ρ^((d^i - d)/(d - 1)) (Mitzenmacher: The Power of Two Choices in
/// Randomized Load Balancing, IEEE TPDS 12, 2001; Vvedenskaya, Dobrushin, Karpelevich 1996). The
/// limit of many queues; with 100 it is too low by 0.3 % at 70 % load, 1 % at 90 %. In units of the
/// service time.
double supermarket_response(double utilization, double choices);

/// Many queues of `servers` each, of which the least loaded of `choices` random ones is joined: the
/// mean-field limit with exponential service, whose balance (Mitzenmacher, above) gives s_k = ρ
/// s_(k-1)^d for the share of queues with k or more from k > c on; for laws of service that vary
/// otherwise, the wait times (ca² + cs²)/2. Of few queues the wait is at least that of one common
/// line, which is taken if it is longer (two queues, two choices, 90 % load: 14 % too low).
Queue power_of_choices(double queues, double servers, double choices, const Load& load_of_one);

/// What a closed network of stations gives its users, by mean value analysis.
struct ClosedClass {
  double users = 0;
  double think = 0;             ///< time away from all stations between two rounds
  std::vector<double> demands;  ///< at each station: visits in a round times the time of one
};
struct ClosedStation {
  double servers = 1;  ///< infinity: a delay, where nobody waits
};
struct ClosedNetwork {
  std::vector<double> throughput;              ///< rounds in a unit of time, by class
  std::vector<std::vector<double>> residence;  ///< time in a round, by class and station
  std::vector<double> utilization;             ///< of each server, by station

  double response(std::size_t of_class) const;
};

/// Exact mean value analysis (Reiser, Lavenberg: Mean-Value Analysis of Closed Multichain Queueing
/// Networks, JACM 27, 1980) for networks with a product form: exponential service first come first
/// served, or processor sharing with any. Time grows with the product of the classes' users, which
/// must be whole. With one class, stations of several servers are exact by their marginal
/// probabilities (the same paper); with more, by Seidmann's split (below).
ClosedNetwork exact_mva(std::span<const ClosedClass> classes,
                        std::span<const ClosedStation> stations);

/// Approximate mean value analysis for many users (Schweitzer 1979, Bard 1979): the queue that an
/// arrival sees is taken to be that with one user less in proportion. Errors of some percent, the
/// greatest near saturation (Lazowska et al.: Quantitative System Performance, 1984, §7.4).
/// Stations of c servers are split into a queue with 1/c of the demand and a delay with the rest
/// (Seidmann, Schweitzer, Shalev-Oren: Computerized Closed Queueing Network Models of Flexible
/// Manufacturing Systems, Large Scale Systems 12, 1987).
ClosedNetwork schweitzer_mva(std::span<const ClosedClass> classes,
                             std::span<const ClosedStation> stations);

/// Mean and squared coefficient of variation of a time.
struct TwoMoments {
  double mean = 0;
  double scv = 0;
};

/// The time until `needed` of several independent branches are done, each taken to have a gamma law
/// with its two moments: the order statistic, integrated numerically. Exact for exponential, Erlang
/// and constant branches; branches that queue together with others of the same request do so at
/// related times, which makes the truth somewhat smaller for all of them (Nelson, Tantawi:
/// Approximate Analysis of Fork/Join Synchronization in Parallel Queues, IEEE ToC 37, 1988: 4 % in
/// two M/M/1 queues at half load, 9 % near saturation).
TwoMoments order_statistic(std::span<const TwoMoments> branches, std::size_t needed);

/// Requests that ask for a key: `count` keys of which each is asked for `rate` times in a unit of
/// time, independently.
struct KeyClass {
  double count = 0;
  double rate = 0;
};

/// How a cache forgets; what theory needs of an eviction policy.
enum class Forgetting {
  lru,     ///< what was not used for longest
  random,  ///< what came longest ago, or any: first in first out and random have the same ratio
  lfu,     ///< keeps the most popular
};

/// The share of requests for keys of each class that a cache with room for `capacity` items
/// answers, in the steady state under independent requests: Che's approximation (Che, Tung, Wang:
/// Hierarchical Web Caching Systems, IEEE JSAC 20, 2002) for LRU, and the one like it for FIFO and
/// random (Fricker, Robert, Roberts: A Versatile and Accurate Approximation for LRU Cache
/// Performance, ITC 24, 2012, who find errors below 1 % from some dozens of items on). An item is
/// no longer good `ttl` after it came, or, if hits renew it, after it was last used (Fofack, Nain,
/// Neglia, Towsley: Performance Evaluation of Hierarchical TTL-based Cache Networks, Computer
/// Networks 65, 2014). Infinite: no such limit.
std::vector<double> cache_hits(std::span<const KeyClass> keys, double capacity, double ttl,
                               bool renewing, Forgetting forgetting);

/// The same for all requests together.
double cache_hit_ratio(std::span<const KeyClass> keys, double capacity, double ttl, bool renewing,
                       Forgetting forgetting);

}  // namespace stampede
