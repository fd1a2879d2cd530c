#!/usr/bin/python3
# labels: once
"""A sweep as a job array of a real Slurm: a controller and two nodes on this machine. One node is
killed in mid-sweep, with what runs on it, and the merged result is that of one machine.

usage: slurm_sweep_test.py STAMPEDE BUILD_DIR"""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
DAEMONS = ["munged", "slurmctld", "slurmd"]
TOOLS = ["sbatch", "squeue", "sinfo"]
TASKS = 20

SCENARIO = """\
stampede: 1
name: cluster
run: {duration: 4000s, warmup: 10s, replications: 2, seed: 1}
traffic:
  shoppers:
    arrivals: {kind: poisson, rate: 300/s}
    target: app
components:
  app:
    kind: service
    concurrency: {kind: threads, workers: 8, queue: 100}
    handler: [{compute: {exponential: {mean: 10ms}}}]
"""
SWEEP = ["--param", f"app.concurrency.workers=4..{TASKS + 3}"]

CONF = """\
ClusterName=stampede
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A task that is started again waits until its first credential has expired.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=5
KillWait=2
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} CPUs=1 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come to pass within {seconds} s")
        time.sleep(0.2)


def descendants():
    """Our processes, those of the daemons included, as {pid: command line}."""
    parents, commands = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
            commands[int(entry.name)] = command
    ours, found = {os.getpid()}, {}
    grows = True
    while grows:
        grows = False
        for pid, parent in parents.items():
            if parent in ours and pid not in ours:
                ours.add(pid)
                found[pid] = commands[pid]
                grows = True
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        host = socket.gethostname().split(".")[0]
        user = subprocess.check_output(["id", "-un"], text=True).strip()
        (folder / "state").mkdir()
        (folder / "slurm.conf").write_text(
            CONF.format(host=host, user=user, folder=folder, port=free_port(), port1=free_port(),
                        port2=free_port()))
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        for name in ("SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "PARALLEL_SEQ"):
            self.environment.pop(name, None)
        self.nodes = {}
        self.start_munge()
        self.start("slurmctld", "-D")
        for node in ("n1", "n2"):
            self.nodes[node] = self.start("slurmd", "-D", "-N", node)
        wait_until("both nodes are idle", lambda: self.ask("sinfo", "-h", "-o", "%T %D") == "idle 2")

    def start(self, daemon, *words):
        log = open(self.folder / f"{daemon}.out", "a")
        return subprocess.Popen([shutil.which(daemon), *words], env=self.environment, stdout=log,
                                stderr=log)

    def start_munge(self):
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.start("munged", "--foreground", "--force", f"--key-file={key}",
                   f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munge.pid",
                   f"--seed-file={self.folder}/munge.seed")
        wait_until("munge listens", (self.folder / "munge.socket").exists)

    def ask(self, *words):
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True)
        return done.stdout.strip()

    def kill_node(self, node):
        """The node's daemon, the job on it, and what watches over that job."""
        jobs = self.ask("squeue", "-h", "-t", "R", "-o", "%A %N").splitlines()
        on_node = [line.split()[0] for line in jobs if line.endswith(" " + node)]
        steps = [pid for pid, command in descendants().items()
                 if any(command.startswith(f"slurmstepd: [{job}.") for job in on_node)]
        self.nodes[node].kill()
        tree = descendants_of(steps)
        kill(steps + tree)
        return on_node

    def stop(self):
        kill(descendants())


def descendants_of(pids):
    found, grows = set(pids), True
    while grows:
        grows = False
        for pid in descendants():
            try:
                parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent in found and pid not in found:
                found.add(pid)
                grows = True
    return sorted(found - set(pids))


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def merged(folder):
    return {name: (folder / name).read_bytes() for name in ("sweep.csv", "sweep.json", "summary.txt")}


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [name for name in DAEMONS + TOOLS if shutil.which(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} cannot be found (packages.txt, section test)")
        return
    # What loses its parent becomes ours, so that nothing is left behind.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        scenario = folder / "cluster.yaml"
        scenario.write_text(SCENARIO)
        run(PROGRAM, "sweep", str(scenario), *SWEEP, "--out", str(folder / "here"), "--quiet")

        sweep = folder / "there"
        run(PROGRAM, "sweep", "plan", str(scenario), *SWEEP, "--out", str(sweep))
        try:
            cluster = Cluster(folder)
            script = run(PROGRAM, "sweep", "submit", str(sweep), "--engine", "slurm")
            array, merge = run("sh", "-c", script, env=cluster.environment).split()
            points = sweep / "points"
            wait_until("some tasks are done", lambda: len(list(points.glob("*.json"))) >= 3)
            wait_until("a task runs on n1", lambda: " n1" in cluster.ask(
                "squeue", "-h", "-t", "R", "-o", "%A %N"))
            lost = cluster.kill_node("n1")
            done = len(list(points.glob("*.json")))
            print(f"killed n1 and job {lost} of array {array} after {done} of {TASKS} tasks")
            assert done < TASKS, "the sweep was over before the node died"
            wait_until("the merging has ended", lambda: cluster.ask("squeue", "-h") == "", 400)
            assert merge, "the merging was submitted"
            print((sweep / "log" / "merge.txt").read_text()[:200])
            assert merged(sweep) == merged(folder / "here"), "other bytes than on one machine"
        except BaseException:
            for log in sorted(folder.glob("*.log")) + sorted(folder.glob("*.out")):
                print(f"---- {log.name}\n{log.read_text()[-2000:]}")
            raise
        finally:
            kill(descendants())
    print(f"{TASKS} tasks: the same bytes as on one machine")


main()
