#pragma once

#include <string>

#include "stampede/study/sweep_folder.hpp"

namespace stampede {

/// How the tasks of a sweep become jobs of a cluster. Job n runs the tasks n·K to n·K + K - 1,
/// where K is `tasks_per_job`; task t is point t.
struct JobWishes {
  std::string program;        ///< how the jobs call stampede
  std::size_t tasks_per_job;  ///< at least 1
  std::size_t at_once;        ///< jobs that may run at a time; 0: as the engine likes
  std::string image;          ///< of a container, for Kubernetes
  std::string claim;          ///< the persistent volume claim that holds the folder, for Kubernetes
};

std::size_t job_count(const SweepPlan& plan, std::size_t tasks_per_job);

/// A shell script that submits a job array and, after it, the merging; it prints the two job
/// numbers. slurm.schedmd.com/job_array.html
std::string slurm_script(const SweepFolder& folder, const JobWishes& wishes);
/// A shell script that runs all tasks by GNU parallel on this machine; run again, it runs what
/// failed. www.gnu.org/software/parallel/parallel.html
std::string parallel_script(const SweepFolder& folder, const JobWishes& wishes);
/// An Indexed Job as a manifest. kubernetes.io/docs/concepts/workloads/controllers/job
std::string kubernetes_manifest(const SweepFolder& folder, const JobWishes& wishes);

}  // namespace stampede
