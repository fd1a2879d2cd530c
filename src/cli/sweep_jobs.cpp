#include "sweep_jobs.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "stampede/base/json.hpp"
#include "stampede/report/yaml.hpp"

namespace stampede {
namespace {

/// A word that a shell reads as it is.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) {
    text += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return text + "'";
}

std::string directory_of(const SweepFolder& folder) {
  return std::filesystem::absolute(folder.directory()).lexically_normal().string();
}

/// The same for the same plan.
std::string job_name(const SweepFolder& folder) {
  return fmt::format("stampede-sweep-{:016x}", folder.plan().hash());
}

}  // namespace

std::size_t job_count(const SweepPlan& plan, std::size_t tasks_per_job) {
  return (plan.points.size() + tasks_per_job - 1) / tasks_per_job;
}

std::string slurm_script(const SweepFolder& folder, const JobWishes& wishes) {
  const std::string directory = directory_of(folder);
  const std::string run =
      fmt::format("exec {} sweep run {} --tasks-per-job {} --jobs 1", quoted(wishes.program),
                  quoted(directory), wishes.tasks_per_job);
  const std::string merge =
      fmt::format("exec {} sweep merge {}", quoted(wishes.program), quoted(directory));
  const std::string limit = wishes.at_once > 0 ? fmt::format("%{}", wishes.at_once) : "";
  return fmt::format(
      "#!/bin/sh\n"
      "# {0} points in {1} jobs. Each job finds its number in SLURM_ARRAY_TASK_ID; run twice, it\n"
      "# writes the same files. The merging runs whatever became of the jobs, and lists what is\n"
      "# missing.\n"
      "set -eu\n"
      "mkdir -p {2}/log\n"
      "array=$(sbatch --parsable --job-name={3} --requeue --ntasks=1 --array=0-{4}{5} \\\n"
      "  --output={2}/log/%a.txt --wrap={6})\n"
      "merge=$(sbatch --parsable --job-name={3}-merge --dependency=afterany:\"$array\" \\\n"
      "  --output={2}/log/merge.txt --wrap={7})\n"
      "echo \"$array $merge\"\n",
      folder.plan().points.size(), job_count(folder.plan(), wishes.tasks_per_job),
      quoted(directory), job_name(folder), job_count(folder.plan(), wishes.tasks_per_job) - 1,
      limit, quoted(run), quoted(merge));
}

std::string parallel_script(const SweepFolder& folder, const JobWishes& wishes) {
  const std::string directory = quoted(directory_of(folder));
  return fmt::format(
      "#!/bin/sh\n"
      "# {0} points in {1} jobs. Run again, it runs what has not succeeded.\n"
      "# --sshlogin host1,host2 spreads the jobs over machines that share the folder.\n"
      "set -eu\n"
      "mkdir -p {2}/log\n"
      "seq 0 {3} | parallel --quote {4}--joblog {2}/log/jobs.tsv \\\n"
      "  --resume-failed {5} sweep run {2} --task {{}} --tasks-per-job {6} --jobs 1 ||\n"
      "  echo \"$? jobs failed\" >&2\n"
      "exec {5} sweep merge {2}\n",
      folder.plan().points.size(), job_count(folder.plan(), wishes.tasks_per_job), directory,
      job_count(folder.plan(), wishes.tasks_per_job) - 1,
      wishes.at_once > 0 ? fmt::format("--jobs {} ", wishes.at_once) : "", quoted(wishes.program),
      wishes.tasks_per_job);
}

std::string kubernetes_manifest(const SweepFolder& folder, const JobWishes& wishes) {
  const std::size_t jobs = job_count(folder.plan(), wishes.tasks_per_job);
  const std::string mount = "/sweep";
  const Json container{{"name", "stampede"},
                       {"image", wishes.image},
                       {"command",
                        {wishes.program, "sweep", "run", mount, "--tasks-per-job",
                         std::to_string(wishes.tasks_per_job), "--jobs", "1"}},
                       {"resources", {{"requests", {{"cpu", "1"}, {"memory", "1Gi"}}}}},
                       {"volumeMounts", Json::array({{{"name", "sweep"}, {"mountPath", mount}}})}};
  const Json pod{
      {"restartPolicy", "Never"},
      {"containers", Json::array({container})},
      {"volumes", Json::array({{{"name", "sweep"},
                                {"persistentVolumeClaim", {{"claimName", wishes.claim}}}}})}};
  const Json manifest{{"apiVersion", "batch/v1"},
                      {"kind", "Job"},
                      {"metadata", {{"name", job_name(folder)}}},
                      {"spec",
                       {{"completionMode", "Indexed"},
                        {"completions", jobs},
                        {"parallelism", wishes.at_once > 0 ? wishes.at_once : jobs},
                        {"backoffLimit", jobs + 6},
                        {"template", {{"spec", pod}}}}}};
  return "# Each pod finds its number in JOB_COMPLETION_INDEX; run twice, it writes the same "
         "files.\n"
         "# The claim " +
         wishes.claim +
         " holds the folder of the plan as its root. When the Job is complete:\n"
         "#   stampede sweep merge DIR\n" +
         yaml_text(manifest);
}

}  // namespace stampede
