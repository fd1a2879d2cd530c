#!/usr/bin/python3
# labels: once
"""What exact.py computes is what scenarios/validation expect, to the digits written there.

usage: exact_test.py STAMPEDE BUILD_DIR"""

import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = HERE.parents[1] / "scenarios" / "validation"

# Which expectation quotes which value, and how.
QUOTED = {
    "erlang-b.blocking": [("blocking", "losers.availability", lambda x: 1 - x),
                          ("blocking", "loss.utilization", lambda x: 0.8 * (1 - x))],
    "mmck.blocking": [("blocking", "waiters.availability", lambda x: 1 - x)],
    "mmck.utilization": [("blocking", "mmck.utilization", lambda x: x)],
    "mmck.queue_length": [("blocking", "mmck.queue_length", lambda x: x)],
    "mmck.wait_of_accepted": [("blocking", "waiters.latency.mean", lambda x: x + 1)],
    "bucket.five.passed": [
        ("token-bucket", "five_users.availability", lambda x: x),
        ("token-bucket", "five.token_bucket_rejection_ratio", lambda x: 1 - x),
        ("token-bucket", "leaky.leaky_bucket_rejection_ratio", lambda x: 1 - x),
        ("token-bucket", "five_users.goodput", lambda x: 0.8 * x)],
    "bucket.one.passed": [("token-bucket", "one_users.availability", lambda x: x)],
    "bucket.three.passed": [("token-bucket", "three_users.availability", lambda x: x)],
    "lcfs.wait.mean": [("disciplines", "lcfs.wait.mean", lambda x: x)],
    "lcfs.wait.stddev": [("disciplines", "lcfs.wait.stddev", lambda x: x)],
    "priority.first.wait": [("disciplines", "first_class.latency.mean", lambda x: x + 1)],
    "priority.second.wait": [("disciplines", "second_class.latency.mean", lambda x: x + 1)],
    "ps.response": [("disciplines", f"ps_{law}_users.latency.mean", lambda x: x)
                    for law in ("constant", "exponential", "h2")],
    "round-robin.response": [("arrivals", "split_users.latency.mean", lambda x: x)],
    "mmpp.arrival_rate": [("arrivals", "bursty_users.throughput", lambda x: x)],
    "mmpp.in_system": [("arrivals", "bursty.in_flight", lambda x: x)],
    "mmpp.response": [("arrivals", "bursty_users.latency.mean", lambda x: x)],
    "ring.largest": [("hash-ring", "nodes.instance_share.max", lambda x: x)],
    "ring.smallest": [("hash-ring", "nodes.instance_share.min", lambda x: x)],
    **{f"{name}.speed": [("breakdowns", f"{name}_users.throughput", lambda x: x),
                         ("breakdowns", f"{name}_users.latency.mean", lambda x: 3 / x)]
       for name in ("stopping", "slowing", "overlapping")},
    "breakdowns.up": [("random-breakdowns", "restless_users.throughput", lambda x: x)],
    "breakdowns.in_system": [("random-breakdowns", "queueing.in_flight", lambda x: x)],
    "breakdowns.occupied": [("random-breakdowns", "queueing.utilization", lambda x: x)],
    "breakdowns.response": [("random-breakdowns", "queueing_users.latency.mean", lambda x: x)],
    "renewal.up": [("random-breakdowns", "renewing.uptime", lambda x: x),
                   ("random-breakdowns", "unlucky_users.availability", lambda x: x)],
}


def expected(scenario, metric):
    text = (SCENARIOS / f"{scenario}.yaml").read_text()
    found = re.findall(rf"^  - {re.escape(metric)} ~ ([0-9.]+)", text, re.M)
    return float(found[0]) if len(found) == 1 else None


class ExactTest(unittest.TestCase):
    def test_every_value_is_quoted_as_it_is(self):
        lines = subprocess.run(["/usr/bin/python3", str(HERE / "exact.py")], check=True,
                               stdout=subprocess.PIPE, encoding="utf-8").stdout.splitlines()
        values = {name: float(value) for name, value in (line.split() for line in lines)}
        self.assertEqual(set(values), set(QUOTED))
        for name, value in values.items():
            for scenario, metric, function in QUOTED[name]:
                with self.subTest(metric):
                    quoted = expected(scenario, metric)
                    self.assertIsNotNone(quoted, "the scenario does not expect it, or not once")
                    self.assertLess(abs(quoted - function(value)), 1e-8 * max(1, quoted))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
