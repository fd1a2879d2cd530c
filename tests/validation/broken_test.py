#!/usr/bin/python3
# labels: once
"""An answer that cannot fail proves nothing: with one of its mechanisms replaced, each scenario of
scenarios/validation must fail, in runs as short as those of `stampede selftest` or shorter.

usage: broken_test.py STAMPEDE BUILD_DIR"""

import json
import pathlib
import subprocess
import sys

SCENARIOS = pathlib.Path(__file__).resolve().parents[2] / "scenarios" / "validation"

# Per scenario: what the answers that are asked about have in common, and a setting that makes one of
# them wrong.
BROKEN = {
    "arrivals": [("split", "split.policy=random"),
                 ("bursty", "bursty_users.arrivals={kind: poisson, rate: 0.7/s}")],
    "blocking": [("los", "loss.concurrency.queue=1"),
                 ("mmck", "mmck.concurrency.workers=2")],
    "breakdowns": [("stopping", "faults.1.for=5000s"),
                   ("slowing", "faults.2.factor=3"),
                   ("overlapping", "faults.4.factor=1"),
                   ("crashing", "faults.6.for=70000s")],
    "random-breakdowns": [("queueing", "faults.0.mttr={exponential: {mean: 15s}}"),
                          ("restless", "faults.1.mtbf={exponential: {mean: 80s}}"),
                          ("renewing", "faults.2.mttr={exponential: {mean: 8s}}")],
    "caches": [("lru", "lru.eviction=fifo"),
               ("ttl_renewed_3", "ttl_renewed_3.renew_on_hit=false"),
               ("ttl_fixed_3", "ttl_fixed_3.renew_on_hit=true")],
    "closed": [("server20", "n20.arrivals.users=19")],
    "disciplines": [("lcfs", "lcfs.concurrency.queue.discipline=fifo"),
                    ("ps_h2", "ps_h2.cpu.scheduling=fifo"),
                    ("first_class", "priority.concurrency.queue.discipline=fifo")],
    "erlang-a": [("agents.", "callers.patience=2m")],
    "fork-join": [("users", "fork.handler=[{call: left}, {call: right}]")],
    "hash-ring": [("nodes", "balancer.policy.minimum_ring_size=500")],
    "hedging": [("h1", "h1.hedge=900ms"), ("h0", "h0.hedge=null")],
    "jackson": [("jobs", "third.handler.1.choose.0.probability=0.1")],
    "mg1": [("erlang2", "erlang2.handler.0.compute.erlang.stages=3"),
            ("lognormal", "lognormal.handler.0.compute.lognormal.cv=1.7")],
    "mm1": [("queue", "queue.handler.0.compute.exponential.mean=1.05s")],
    "perfect-lfu": [("lfu", "lfu.eviction=lfu")],
    "quorum": [("one_of_three", "one.read_consistency=quorum"),
               ("two_of_three", "quorum.replicas=2")],
    "supermarket": [("distinct90", "distinct90.policy.choice_count=3")],
    "supermarket-at-99": [("distinct99", "distinct99.policy.choice_count=3")],
    "token-bucket": [("five", "five.admission.0.token_bucket.refill=interval"),
                     ("leaky", "leaky.admission.0.leaky_bucket.burst=5"),
                     ("one_users", "one.admission.0.token_bucket.max_tokens=2"),
                     ("three_users", "three.admission.0.token_bucket.max_tokens=2")],
    "two-servers": [("p2c", "p2c.policy=random"),
                    ("jiq", "jiq.policy=round_robin"),
                    ("central", "central.concurrency.workers=3")],
}
# The largest ones tell with less.
DIVISOR = {"mg1": 100, "supermarket": 100, "supermarket-at-99": 100, "two-servers": 50}


def failures(program, scenario, answers, *settings):
    """How many answers do not agree, or what the program said instead."""
    done = subprocess.run(
        [program, "selftest", "--format", "json", "--filter", f"{scenario}.{answers}",
         "--shorten", str(DIVISOR.get(scenario, 20)), *settings],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    return json.loads(done.stdout)["failed"] if done.returncode in (0, 1) else done.stdout


def main():
    mistakes = [f"{path.stem}: nothing of it is broken here" for path in SCENARIOS.glob("*.yaml")
                if path.stem not in BROKEN]
    tried = 0
    for scenario, changes in BROKEN.items():
        for answers, setting in changes:
            tried += 1
            broken = failures(sys.argv[1], scenario, answers, "--set", setting)
            if not isinstance(broken, int):
                mistakes.append(f"{scenario}, {setting}: {broken}")
            elif broken == 0:
                mistakes.append(f"{scenario} agrees although {setting}")
    print("\n".join(mistakes) or f"{tried} broken models do not agree")
    return 1 if mistakes else 0


sys.exit(main())
