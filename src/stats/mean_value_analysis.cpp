#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "stampede/base/require.hpp"
#include "stampede/stats/queueing.hpp"

namespace stampede {
namespace {

using Classes = std::span<const ClosedClass>;
using Stations = std::span<const ClosedStation>;

ClosedNetwork empty_network(Classes classes, Stations stations) {
  ClosedNetwork network;
  network.throughput.assign(classes.size(), 0);
  network.residence.assign(classes.size(), std::vector<double>(stations.size(), 0));
  network.utilization.assign(stations.size(), 0);
  for (const ClosedClass& of : classes) {
    require(of.demands.size() == stations.size(), "a class says what it demands of every station");
  }
  return network;
}

void note_utilization(ClosedNetwork& network, Classes classes, Stations stations) {
  for (std::size_t k = 0; k < stations.size(); ++k) {
    double busy = 0;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      busy += network.throughput[c] * classes[c].demands[k];
    }
    network.utilization[k] = std::isinf(stations[k].servers) ? 0 : busy / stations[k].servers;
  }
}

/// Seidmann's split of a station: the part of a demand that queues, and the part that only delays.
double queueing_part(const ClosedStation& station) {
  return std::isinf(station.servers) ? 0 : 1 / station.servers;
}

/// One class: exact for stations of several servers too, by the probabilities that so many are
/// there.
ClosedNetwork single_class_mva(const ClosedClass& of, Stations stations) {
  ClosedNetwork network = empty_network({&of, 1}, stations);
  std::vector<double> length(stations.size(), 0);
  // marginal[k][j]: probability of j at station k, for j below the number of its servers.
  std::vector<std::vector<double>> marginal(stations.size());
  for (std::size_t k = 0; k < stations.size(); ++k) {
    if (!std::isinf(stations[k].servers)) {
      marginal[k].assign(static_cast<std::size_t>(stations[k].servers), 0);
      marginal[k][0] = 1;
    }
  }
  std::vector<double>& residence = network.residence[0];
  for (double n = 1; n <= of.users; ++n) {
    double round = of.think;
    for (std::size_t k = 0; k < stations.size(); ++k) {
      const double c = stations[k].servers;
      double found = 1;  // in services of one server: the own one and those before it
      if (!std::isinf(c)) {
        double idle = 0;
        for (double j = 0; j + 1 < c; ++j) {
          idle += (c - 1 - j) * marginal[k][static_cast<std::size_t>(j)];
        }
        found = (1 + length[k] + idle) / c;
      }
      residence[k] = of.demands[k] * found;
      round += residence[k];
    }
    const double throughput = round > 0 ? n / round : std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < stations.size(); ++k) {
      length[k] = throughput * residence[k];
      const double c = stations[k].servers;
      if (std::isinf(c)) {
        continue;
      }
      const double busy = throughput * of.demands[k];
      double others = 0;
      for (std::size_t j = marginal[k].size() - 1; j > 0; --j) {
        marginal[k][j] = busy / static_cast<double>(j) * marginal[k][j - 1];
        others += (c - static_cast<double>(j)) * marginal[k][j];
      }
      // Near saturation rounding may carry it below zero, where it is next to nothing.
      marginal[k][0] = std::max(0.0, 1 - (busy + others) / c);
    }
    network.throughput[0] = throughput;
  }
  note_utilization(network, {&of, 1}, stations);
  return network;
}

}  // namespace

double ClosedNetwork::response(std::size_t of_class) const {
  double sum = 0;
  for (const double at_station : residence[of_class]) {
    sum += at_station;
  }
  return sum;
}

ClosedNetwork exact_mva(Classes classes, Stations stations) {
  if (classes.size() == 1) {
    return single_class_mva(classes[0], stations);
  }
  ClosedNetwork network = empty_network(classes, stations);
  // Queue lengths for every population from none to all, in mixed radix: class 0 counts fastest.
  std::vector<std::size_t> stride(classes.size() + 1, 1);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    require(classes[c].users == std::floor(classes[c].users), "exact MVA counts whole users");
    stride[c + 1] = stride[c] * (static_cast<std::size_t>(classes[c].users) + 1);
  }
  const std::size_t populations = stride.back();
  std::vector<double> lengths(populations * stations.size(), 0);
  for (std::size_t population = 1; population < populations; ++population) {
    double* length = &lengths[population * stations.size()];
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const std::size_t users = population % stride[c + 1] / stride[c];
      network.throughput[c] = 0;
      if (users == 0) {
        continue;
      }
      const double* without_one = &lengths[(population - stride[c]) * stations.size()];
      double round = classes[c].think;
      for (std::size_t k = 0; k < stations.size(); ++k) {
        const double queues = queueing_part(stations[k]);
        network.residence[c][k] =
            classes[c].demands[k] * (queues * (1 + without_one[k]) + (1 - queues));
        round += network.residence[c][k];
      }
      network.throughput[c] = static_cast<double>(users) / round;
      for (std::size_t k = 0; k < stations.size(); ++k) {
        const double queues = queueing_part(stations[k]);
        length[k] += network.throughput[c] * queues * classes[c].demands[k] * (1 + without_one[k]);
      }
    }
  }
  note_utilization(network, classes, stations);
  return network;
}

ClosedNetwork schweitzer_mva(Classes classes, Stations stations) {
  ClosedNetwork network = empty_network(classes, stations);
  std::vector<std::vector<double>> length(classes.size(), std::vector<double>(stations.size(), 0));
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (double& at_station : length[c]) {
      at_station =
          classes[c].users / static_cast<double>(std::max<std::size_t>(stations.size(), 1));
    }
  }
  for (int round = 0; round < 100'000; ++round) {
    double change = 0;
    std::vector<double> total(stations.size(), 0);
    for (std::size_t k = 0; k < stations.size(); ++k) {
      for (std::size_t c = 0; c < classes.size(); ++c) {
        total[k] += length[c][k];
      }
    }
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const ClosedClass& of = classes[c];
      if (of.users <= 0) {
        continue;
      }
      double cycle = of.think;
      for (std::size_t k = 0; k < stations.size(); ++k) {
        const double queues = queueing_part(stations[k]);
        const double found = total[k] - length[c][k] / of.users;
        network.residence[c][k] = of.demands[k] * (queues * (1 + found) + (1 - queues));
        cycle += network.residence[c][k];
      }
      network.throughput[c] = of.users / cycle;
      for (std::size_t k = 0; k < stations.size(); ++k) {
        const double delay = (1 - queueing_part(stations[k])) * of.demands[k];
        const double next = network.throughput[c] * (network.residence[c][k] - delay);
        change = std::max(change, std::abs(next - length[c][k]));
        length[c][k] = next;
      }
    }
    if (change < 1e-10) {
      break;
    }
  }
  note_utilization(network, classes, stations);
  return network;
}

}  // namespace stampede
