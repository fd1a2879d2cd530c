#include <cmath>
#include <vector>

#include "stampede/model/arrivals.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct MmppState {
  Rate rate;
  Duration mean_duration;
};

void describe(Visitor& v, MmppState& s) {
  v.field("rate", s.rate, "requests per second in this state", required(), at_least(Rate{0}),
          at_most(Rate{1e9}));
  v.field("mean_duration", s.mean_duration, "how long the state lasts on average (exponential)",
          required(), more_than(Duration()));
}

/// Row i holds the probabilities with which state i is followed by each state.
using Transitions = std::vector<std::vector<Ratio>>;

struct MmppSettings {
  std::vector<MmppState> states;
  Transitions transitions;
};

/// Whether there are as many rows and columns as states and every row adds up to 1.
bool is_stochastic(const Transitions& transitions, std::size_t states) {
  for (const std::vector<Ratio>& row : transitions) {
    double total = 0;
    for (const Ratio& share : row) {
      total += share.value >= 0 ? share.value : 2;
    }
    if (row.size() != states || std::abs(total - 1) > 1e-9) {
      return false;
    }
  }
  return transitions.size() == states;
}

/// Whether every state is reached from every other.
bool is_irreducible(const Transitions& transitions) {
  const std::size_t n = transitions.size();
  for (std::size_t from = 0; from < n; ++from) {
    std::vector<bool> reached(n);
    std::vector<std::size_t> open{from};
    while (!open.empty()) {
      const std::size_t i = open.back();
      open.pop_back();
      for (std::size_t j = 0; j < n; ++j) {
        if (transitions[i][j].value > 0 && !reached[j]) {
          reached[j] = true;
          open.push_back(j);
        }
      }
    }
    for (std::size_t to = 0; to < n; ++to) {
      if (!reached[to]) {
        return false;
      }
    }
  }
  return true;
}

void describe(Visitor& v, MmppSettings& s) {
  constexpr std::size_t most_states = 1000;
  v.shorthand("states");
  v.field("states", s.states, "what the traffic changes between", required());
  v.field("transitions", s.transitions,
          "for each state the probabilities of the next one; every other state alike unless given");
  v.check(s.states.size() >= 2, "states", "has fewer than two", "use poisson for a single state");
  v.check(s.states.size() <= most_states, "states", "has more than 1000", "leave some out");
  const bool fits = s.transitions.empty() || is_stochastic(s.transitions, s.states.size());
  v.check(fits, "transitions",
          "needs for each state a list of as many probabilities as states, which add up to 1",
          "such as [[0, 1], [1, 0]]");
  v.check(!fits || s.transitions.empty() || is_irreducible(s.transitions), "transitions",
          "has a state that is never left or never comes back",
          "let every state lead to every other, perhaps through others");
}

Transitions every_other_alike(std::size_t states) {
  Transitions transitions(states, std::vector<Ratio>(states));
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) {
      transitions[i][j].value = i == j ? 0 : 1 / static_cast<double>(states - 1);
    }
  }
  return transitions;
}

/// How often each state is entered in the long run, up to a factor: elimination of states without
/// subtractions (Grassmann, Taksar, Heyman: Regenerative Analysis and Steady State Distributions
/// for Markov Chains, Operations Research 33, 1985).
std::vector<double> visit_shares(const Transitions& transitions) {
  const std::size_t n = transitions.size();
  std::vector<std::vector<double>> p(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      p[i][j] = transitions[i][j].value;
    }
  }
  for (std::size_t last = n - 1; last > 0; --last) {
    double leaving = 0;
    for (std::size_t j = 0; j < last; ++j) {
      leaving += p[last][j];
    }
    for (std::size_t i = 0; i < last; ++i) {
      p[i][last] /= leaving;
      for (std::size_t j = 0; j < last; ++j) {
        p[i][j] += p[i][last] * p[last][j];
      }
    }
  }
  std::vector<double> shares(n);
  shares[0] = 1;
  for (std::size_t j = 1; j < n; ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      shares[j] += shares[i] * p[i][j];
    }
  }
  return shares;
}

/// The index that `point`, from 0 up to the sum of the weights, falls on.
template <class Weight>
std::size_t pick(double point, std::size_t count, const Weight& weight) {
  std::size_t last_possible = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (weight(i) > 0) {
      last_possible = i;
      if (point < weight(i)) {
        return i;
      }
    }
    point -= weight(i);
  }
  return last_possible;
}

/// A Poisson process whose rate is that of a hidden state, which lasts for an exponential time and
/// then turns into another (Fischer, Meier-Hellstern: The Markov-Modulated Poisson Process (MMPP)
/// Cookbook, Performance Evaluation 18, 1993). It begins in equilibrium.
class Mmpp final : public ArrivalProcess {
 public:
  Mmpp(const MmppSettings& settings, const Context& context)
      : population_(context.population),
        states_(settings.states),
        transitions_(settings.transitions.empty() ? every_other_alike(states_.size())
                                                  : settings.transitions) {}

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(arrive()); }

 private:
  Process arrive() {
    Simulation& simulation = population_.simulation();
    Draw gaps = population_.stream("arrivals").sequence();
    Draw phases = population_.stream("phases").sequence();
    std::size_t state = first_state(phases);
    for (;;) {
      const double length = standard_exponential(phases);
      const Time end_of_state = simulation.now() + states_[state].mean_duration.scaled(length);
      const double ns_per_event = 1e9 / states_[state].rate.per_second;
      for (;;) {
        const double gap = standard_exponential(gaps) * ns_per_event;
        if (!(gap < static_cast<double>((end_of_state - simulation.now()).ns()))) {
          break;  // the rest of the gap is forgotten with the state: it has no memory
        }
        const Time next = simulation.now() + Duration::from_nanoseconds(gap);
        co_await simulation.until(next);
        population_.send_and_forget(Ask::at(next));
      }
      co_await simulation.until(end_of_state);
      state = next_state(state, phases);
    }
  }

  std::size_t first_state(Draw& draw) const {
    std::vector<double> shares = visit_shares(transitions_);
    double total = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      shares[i] *= states_[i].mean_duration.seconds();
      total += shares[i];
    }
    return pick(draw.uniform() * total, shares.size(), [&](std::size_t i) { return shares[i]; });
  }
  std::size_t next_state(std::size_t state, Draw& draw) const {
    const std::vector<Ratio>& row = transitions_[state];
    return pick(draw.uniform(), row.size(), [&](std::size_t i) { return row[i].value; });
  }

  Population& population_;
  std::vector<MmppState> states_;
  Transitions transitions_;
};

const Register<ArrivalProcess, Mmpp, MmppSettings> registered{
    "mmpp", "Markov-modulated Poisson: the rate jumps between states at random"};

}  // namespace
}  // namespace stampede
