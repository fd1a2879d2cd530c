#include "stampede/measure/recording.hpp"

#include <utility>

#include "stampede/base/hash.hpp"
#include "stampede/base/require.hpp"
#include "state.hpp"

namespace stampede {

Recording::Recording(const SliceGrid& grid) : state_(std::make_unique<State>(grid)) {}
Recording::~Recording() = default;
Recording::Recording(Recording&&) noexcept = default;
Recording& Recording::operator=(Recording&&) noexcept = default;

const SliceGrid& Recording::grid() const { return state_->cursor.grid(); }

PopulationObserver& Recording::add_population(
    const std::string& name, std::vector<std::pair<RequestTypeId, std::string>> types,
    std::vector<UserDivision> divisions,
    std::function<int(std::uint64_t user, std::size_t division)> part_of, Duration deadline) {
  State& state = *state_;
  require(state.cursor.open() == 0, "populations are there from the beginning");
  return *state.populations.emplace_back(std::make_unique<PopulationRecorder>(
      state.cursor, state.fingerprint, state.populations.size(), name, types, std::move(divisions),
      std::move(part_of), deadline));
}

ComponentObserver& Recording::add_component(const std::string& name, const std::string& kind,
                                            const std::vector<std::string>& versions) {
  State& state = *state_;
  require(state.cursor.open() == 0, "components are there from the beginning");
  return *state.components.emplace_back(
      std::make_unique<ComponentRecorder>(name, kind, grid(), versions));
}

void Recording::add_rollout(RolloutRecord rollout) {
  require(!state_->is_finished, "a finished recording takes no rollout");
  state_->rollouts.push_back(std::move(rollout));
}

void Recording::keep(AbTestRecord test) { state_->ab_tests.push_back(std::move(test)); }

void Recording::close_slice(Time boundary) {
  State& state = *state_;
  require(
      state.cursor.open() < grid().count() && boundary == grid().boundary(state.cursor.open() + 1),
      "slices are closed in order, at their boundaries");
  for (const auto& population : state.populations) {
    population->close_slice();
  }
  for (const auto& component : state.components) {
    component->close_slice(boundary);
  }
  state.cursor.advance();
}

std::string Recording::finish(Time end) {
  State& state = *state_;
  require(!state.is_finished, "a recording ends once");
  if (state.cursor.open() < grid().count()) {
    close_slice(end);
  }
  require(state.cursor.open() == grid().count() && end == grid().boundary(grid().count()),
          "a recording ends with its last slice");
  state.is_finished = true;

  std::string broken;
  const auto add = [&broken](const std::string& law) {
    broken += (broken.empty() || law.empty() ? "" : "; ") + law;
  };
  for (const auto& population : state.populations) {
    population->finish();
    add(population->broken_law());
  }
  for (const auto& component : state.components) {
    add(component->broken_law());
  }
  return broken;
}

std::uint64_t Recording::fingerprint() const { return mix(state_->fingerprint); }

std::int64_t Recording::ended_requests() const {
  std::int64_t ended = 0;
  for (const auto& population : state_->populations) {
    for (const RequestLedger& type : population->types()) {
      ended += type.ends(0, state_->cursor.open()).ended;
    }
  }
  return ended;
}

}  // namespace stampede
