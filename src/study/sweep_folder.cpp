#include "stampede/study/sweep_folder.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "stampede/base/files.hpp"
#include "stampede/base/hash.hpp"
#include "stampede/base/json.hpp"

namespace stampede {
namespace {

SweepPlan read_plan(const std::string& directory) {
  const std::string path = directory + "/plan.json";
  try {
    const Json json = Json::parse(read_file(path));
    SweepPlan plan = plan_from_json(json);
    plan.text = read_file(directory + "/scenario.yaml");
    if (json.value("hash", "") != fmt::format("{:016x}", plan.hash())) {
      throw FileError("plan.json or scenario.yaml was changed after planning");
    }
    return plan;
  } catch (const Json::exception& wrong) {
    throw FileError(fmt::format("cannot read {}: {}", path, wrong.what()));
  } catch (const FileError& wrong) {
    throw FileError(fmt::format("{} holds no sweep to go on with: {}", directory, wrong.what()));
  }
}

/// What the user changed since, in words; the first difference.
std::string difference(const SweepPlan& before, const SweepPlan& now) {
  if (before.version != now.version) {
    return fmt::format("it was begun with stampede {}, this is {}", before.version, now.version);
  }
  if (before.text != now.text) {
    return "the scenario's text is another one";
  }
  if (before.settings != now.settings || before.shortened != now.shortened) {
    return "the settings (--set, --seed, --replications, --shorten) are others";
  }
  if (before.paths != now.paths || before.points != now.points || before.design != now.design) {
    return "the parameters or their values are others";
  }
  return "the metrics are others";
}

}  // namespace

SweepFolder::SweepFolder(std::string directory, SweepPlan plan)
    : directory_(std::move(directory)), plan_(std::move(plan)), hash_(plan_.hash()) {}

SweepFolder SweepFolder::create(const std::string& directory, const SweepPlan& plan) {
  if (std::filesystem::exists(directory + "/plan.json")) {
    const SweepPlan before = read_plan(directory);
    if (before.hash() != plan.hash()) {
      throw FileError(
          fmt::format("{} holds another sweep: {}; give another --out, or remove the directory",
                      directory, difference(before, plan)));
    }
  }
  prepare_directory(directory + "/points");
  write_durable_file(directory + "/scenario.yaml", plan.text);
  // Last: where there is a plan, there is all that it takes.
  write_durable_file(directory + "/plan.json", plan_json(plan).dump(2) + "\n");
  return SweepFolder(directory, plan);
}

SweepFolder SweepFolder::open(const std::string& directory) {
  SweepPlan plan = read_plan(directory);
  if (plan.version != STAMPEDE_VERSION) {
    throw FileError(fmt::format("{} was planned with stampede {}, this is {}", directory,
                                plan.version, STAMPEDE_VERSION));
  }
  return SweepFolder(directory, std::move(plan));
}

std::string SweepFolder::file_of(std::size_t point) const {
  return fmt::format("{}/points/{}.json", directory_, point);
}

void SweepFolder::keep(const PointResult& result) const {
  write_durable_file(file_of(result.point), point_json(result, hash_).dump() + "\n");
}

std::vector<std::size_t> SweepFolder::missing() const {
  std::vector<std::size_t> points;
  for (std::size_t point = 0; point < plan_.points.size(); ++point) {
    if (!std::filesystem::exists(file_of(point))) {
      points.push_back(point);
    }
  }
  return points;
}

std::vector<PointResult> SweepFolder::finished() const {
  std::vector<PointResult> results;
  for (std::size_t point = 0; point < plan_.points.size(); ++point) {
    const std::string path = file_of(point);
    if (!std::filesystem::exists(path)) {
      continue;
    }
    try {
      results.push_back(point_from_json(Json::parse(read_file(path)), hash_));
    } catch (const std::exception& wrong) {
      throw FileError(
          fmt::format("cannot use {}: {}; remove it and run its task again", path, wrong.what()));
    }
  }
  return results;
}

}  // namespace stampede
