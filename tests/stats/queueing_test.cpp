#include "stampede/stats/queueing.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

std::vector<KeyClass> zipf(int count, double exponent) {
  std::vector<KeyClass> keys;
  double total = 0;
  for (int rank = 1; rank <= count; ++rank) {
    keys.push_back({1, std::pow(rank, -exponent)});
    total += keys.back().rate;
  }
  for (KeyClass& key : keys) {
    key.rate /= total;
  }
  return keys;
}

}  // namespace

TEST_CASE("M/M/1 waits as the textbooks say") {
  const Queue queue = mmc(1, {.rate = 0.8, .service = 1});
  CHECK(queue.utilization == Approx(0.8));
  CHECK(queue.waiting_share == Approx(0.8));
  CHECK(queue.wait == Approx(4));
  CHECK(queue.response == Approx(5));
  CHECK(queue.length == Approx(3.2));
}

TEST_CASE("Erlang's formulas give published values") {
  // Erlang B tables: 10 lines, 5 erlangs, 1.84 % (Angus 2001); five lines, four erlangs: 128 / 643.
  CHECK(erlang_b(10, 5) == Approx(0.018385).epsilon(1e-4));
  CHECK(erlang_b(5, 4) == Approx(128.0 / 643));
  // Gross & Harris 1985: M/M/3 at 2 erlangs, C = 4/9, W_q = 4/9 services.
  CHECK(erlang_c(3, 2) == Approx(4.0 / 9));
  CHECK(mmc(3, {.rate = 2, .service = 1}).wait == Approx(4.0 / 9));
  CHECK(erlang_c(2, 3) == 1);
  CHECK(std::isinf(mmc(2, {.rate = 3, .service = 1}).wait));
}

TEST_CASE("a full line turns away as M/M/c/K does") {
  // M/M/1/3 with ρ = 1/2 (one served, two wait): p = 8, 4, 2, 1 fifteenths.
  const Queue queue = mmck(1, 2, {.rate = 0.5, .service = 1});
  CHECK(queue.loss == Approx(1.0 / 15));
  CHECK(queue.utilization == Approx(7.0 / 15));
  CHECK(queue.length == Approx(4.0 / 15));
  CHECK(queue.wait == Approx(4.0 / 15 / (0.5 * 14 / 15)));
  // Nobody waits: Erlang B. Overload: what is served is the capacity.
  CHECK(mmck(5, 0, {.rate = 4, .service = 1}).loss == Approx(128.0 / 643));
  CHECK(mmck(1, 100, {.rate = 2, .service = 1}).loss == Approx(0.5).epsilon(1e-9));
  CHECK(mmck(4, 10'000'000, {.rate = 2, .service = 1}).wait ==
        Approx(mmc(4, {.rate = 2, .service = 1}).wait));
}

TEST_CASE("M/G/1 waits by Pollaczek and Khinchine") {
  for (const auto& [scv, wait] :
       {std::pair{0.0, 1.16666666667}, {0.5, 1.75}, {1.0, 2.33333333333}, {4.0, 5.83333333333}}) {
    CHECK(mg1({.rate = 0.7, .service = 1, .service_scv = scv}).wait == Approx(wait));
    CHECK(ggc(1, {.rate = 0.7, .service = 1, .service_scv = scv}).wait == Approx(wait));
  }
}

TEST_CASE("M/D/c and D/M/1 are close to their exact values") {
  const double mm4 = mmc(4, {.rate = 3.6, .service = 1}).wait;
  CHECK(ggc(4, {.rate = 3.6, .service = 1, .service_scv = 0}).wait == Approx(0.5 * mm4));
  // D/M/1 at 80 %: σ solves σ = e^(-(1-σ)/0.8), W_q = σ/(1-σ) = 1.6935 (Kleinrock I, §6.4).
  double sigma = 0.5;
  for (int i = 0; i < 1000; ++i) {
    sigma = std::exp(-(1 - sigma) / 0.8);
  }
  const double exact = sigma / (1 - sigma);
  const double wait =
      ggc(1, {.rate = 0.8, .service = 1, .service_scv = 1, .interarrival_scv = 0}).wait;
  CHECK(wait == Approx(exact).epsilon(0.02));
}

TEST_CASE("Erlang A agrees with Garnett, Mandelbaum and Reiman") {
  // 50 agents, 48 calls a minute of a minute each, patience two minutes: 3.1 %, 3.7 s; no
  // abandonment: 20.8 s.
  const Load calls{.rate = 48, .service = 1};
  const Queue queue = erlang_a(50, 2, calls);
  CHECK(queue.loss == Approx(0.0309122491622));
  CHECK(queue.waiting_share == Approx(0.467774068554));
  CHECK(queue.wait == Approx(0.0618244983244));
  CHECK(queue.length == Approx(2.96757591957));
  CHECK(queue.utilization == Approx(0.930324240804));
  CHECK(mmc(50, calls).wait * 60 == Approx(20.8336683359));
}

TEST_CASE("processor sharing does not mind the law of service") {
  CHECK(processor_sharing(1, {.rate = 0.75, .service = 1, .service_scv = 9}).response == Approx(4));
}

TEST_CASE("priorities wait by Cobham's formula, and conserve the work") {
  // Two classes of M/M/1, 0.3 and 0.4: W = 0.7/0.7 and 0.7/(0.7 · 0.3).
  const std::vector<Load> classes{{.rate = 0.3, .service = 1}, {.rate = 0.4, .service = 1}};
  const std::vector<Queue> queues = priorities(1, classes);
  CHECK(queues[0].wait == Approx(1));
  CHECK(queues[1].wait == Approx(1 / 0.3));
  const double all = mmc(1, {.rate = 0.7, .service = 1}).wait;
  CHECK((0.3 * queues[0].wait + 0.4 * queues[1].wait) / 0.7 == Approx(all));
  // Several servers: the same conservation.
  const std::vector<Queue> many =
      priorities(3, std::vector<Load>{{.rate = 1, .service = 1}, {.rate = 1.2, .service = 1}});
  CHECK((1 * many[0].wait + 1.2 * many[1].wait) / 2.2 ==
        Approx(mmc(3, {.rate = 2.2, .service = 1}).wait));
  // The higher class is safe while the lower one waits for ever.
  const std::vector<Queue> over =
      priorities(1, std::vector<Load>{{.rate = 0.5, .service = 1}, {.rate = 0.6, .service = 1}});
  CHECK(std::isinf(over[1].wait));
  CHECK(over[0].wait < 3);
}

TEST_CASE("two choices are Mitzenmacher's") {
  CHECK(supermarket_response(0.5, 2) == Approx(1.26568603609));
  CHECK(supermarket_response(0.9, 2) == Approx(2.61405737732));
  CHECK(supermarket_response(0.95, 2) == Approx(3.38304600252));
  CHECK(supermarket_response(0.9, 1) == Approx(10));
}

TEST_CASE("choices among many queues of one server are Mitzenmacher's, of several no worse") {
  for (const double load : {0.5, 0.9, 0.95}) {
    CHECK(power_of_choices(1e6, 1, 2, {.rate = load, .service = 1}).response ==
          Approx(supermarket_response(load, 2)).epsilon(1e-6));
  }
  const double of_four = power_of_choices(1e6, 4, 2, {.rate = 3.6, .service = 1}).wait;
  CHECK(of_four > 0);
  CHECK(of_four < power_of_choices(1e6, 1, 2, {.rate = 0.9, .service = 1}).wait);
  CHECK(of_four < mmc(4, {.rate = 3.6, .service = 1}).wait);
  // Two queues: a common line would wait 4.263, two choices wait 4.865 (exact, truncated chain).
  CHECK(power_of_choices(2, 1, 2, {.rate = 0.9, .service = 1}).wait == Approx(4.865).epsilon(0.14));
}

TEST_CASE("a closed system follows mean value analysis") {
  // Think 5, one server 0.25 (the machine repairman; Lazowska et al. 1984).
  const std::vector<ClosedStation> one{{1}};
  for (const auto& [users, throughput, response] : {std::tuple{1.0, 0.190476190476, 0.25},
                                                    {20.0, 3.36443215383, 0.944539549481},
                                                    {50.0, 3.99999996948, 7.50000009538}}) {
    const std::vector<ClosedClass> classes{{users, 5, {0.25}}};
    const ClosedNetwork exact = exact_mva(classes, one);
    CHECK(exact.throughput[0] == Approx(throughput));
    CHECK(exact.response(0) == Approx(response));
    CHECK(exact.utilization[0] == Approx(throughput * 0.25));
    const ClosedNetwork approximate = schweitzer_mva(classes, one);
    CHECK(approximate.throughput[0] == Approx(throughput).epsilon(0.04));
  }
}

TEST_CASE("a closed station of several servers is the machine repairman with several repairmen") {
  // M/M/2//4 with think 1 and service 1: by birth and death.
  double weights[5] = {1, 4, 0, 0, 0};
  weights[2] = weights[1] * 3 / 2;
  weights[3] = weights[2] * 2 / 2;
  weights[4] = weights[3] * 1 / 2;
  double total = 0;
  double busy = 0;
  for (int n = 0; n <= 4; ++n) {
    total += weights[n];
    busy += std::min(n, 2) * weights[n];
  }
  const std::vector<ClosedClass> classes{{4, 1, {1}}};
  const ClosedNetwork network = exact_mva(classes, std::vector<ClosedStation>{{2}});
  CHECK(network.throughput[0] == Approx(busy / total));
  CHECK(network.utilization[0] == Approx(busy / total / 2));
}

TEST_CASE("two equal classes are one class twice as large") {
  const std::vector<ClosedStation> stations{{1}, {1}, {infinite}};
  const std::vector<ClosedClass> one{{8, 2, {0.3, 0.5, 1}}};
  const std::vector<ClosedClass> two{{4, 2, {0.3, 0.5, 1}}, {4, 2, {0.3, 0.5, 1}}};
  const ClosedNetwork whole = exact_mva(one, stations);
  const ClosedNetwork halves = exact_mva(two, stations);
  CHECK(halves.throughput[0] + halves.throughput[1] == Approx(whole.throughput[0]));
  CHECK(halves.response(0) == Approx(whole.response(0)));
  CHECK(schweitzer_mva(two, stations).response(1) == Approx(whole.response(0)).epsilon(0.08));
}

TEST_CASE("the second of three exponential branches comes after 5/6") {
  const std::vector<TwoMoments> three{{1, 1}, {1, 1}, {1, 1}};
  const TwoMoments second = order_statistic(three, 2);
  CHECK(second.mean == Approx(0.833333333333).epsilon(1e-5));
  CHECK(second.scv * second.mean * second.mean == Approx(0.361111111111).epsilon(1e-4));
  CHECK(order_statistic(three, 3).mean == Approx(11.0 / 6).epsilon(1e-5));
  CHECK(order_statistic(std::vector<TwoMoments>{{2, 0}, {3, 0}}, 2).mean ==
        Approx(3).epsilon(1e-3));
  CHECK(std::isinf(order_statistic(std::vector<TwoMoments>{{2, 1}, {infinite, 0}}, 2).mean));
  CHECK(order_statistic(std::vector<TwoMoments>{{2, 1}, {infinite, 0}}, 1).mean == Approx(2));
}

TEST_CASE("caches hit by Che's approximation and its kin") {
  // 1,000 items, Zipf 0.8, room for 100: King 1971, Gelenbe 1973 exact.
  const std::vector<KeyClass> keys = zipf(1000, 0.8);
  CHECK(cache_hit_ratio(keys, 100, infinite, false, Forgetting::lru) ==
        Approx(0.377790221283).epsilon(1e-6));
  CHECK(cache_hit_ratio(keys, 100, infinite, false, Forgetting::random) ==
        Approx(0.333679709405).epsilon(1e-6));
  CHECK(cache_hit_ratio(keys, 100, infinite, false, Forgetting::lfu) ==
        Approx(0.525826511577).epsilon(1e-6));
  CHECK(cache_hit_ratio(keys, 1000, infinite, false, Forgetting::lru) == 1);
}

TEST_CASE("items that expire are hit as Jung, Berger and Balakrishnan say") {
  for (const auto& [uses, renewing, fixed] : {std::tuple{0.1, 0.095162581964, 0.0909090909091},
                                              {1.0, 0.632120558829, 0.5},
                                              {10.0, 0.99995460007, 0.909090909091}}) {
    const std::vector<KeyClass> one{{1, uses}};
    CHECK(cache_hit_ratio(one, 10, 1, true, Forgetting::lru) == Approx(renewing));
    CHECK(cache_hit_ratio(one, 10, 1, false, Forgetting::lru) == Approx(fixed));
  }
}

TEST_CASE("a ttl and a small cache together hit less than either alone") {
  const std::vector<KeyClass> keys = zipf(1000, 0.8);
  const double small = cache_hit_ratio(keys, 100, infinite, false, Forgetting::lru);
  const double old = cache_hit_ratio(keys, infinite, 300, false, Forgetting::lru);
  const double both = cache_hit_ratio(keys, 100, 300, false, Forgetting::lru);
  CHECK(both < small);
  CHECK(both < old);
  CHECK(both > small * old);
  CHECK(cache_hit_ratio(keys, 100, 1e9, false, Forgetting::lru) == Approx(small).epsilon(1e-4));
}

}  // namespace stampede
