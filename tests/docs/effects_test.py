#!/usr/bin/python3
# labels: once
"""Each scenario expects an effect. With the mechanism behind it switched off, it must fail.

usage: effects_test.py STAMPEDE BUILD_DIR (called by ctest in the root of the sources)
"""

import pathlib
import subprocess
import sys

# A scenario, and settings that take away what it shows; lists of settings where there are several
# effects, each of which must be missed by itself.
SWITCHED_OFF = {
    "a-bounded-queue-pushes-back": ["rejecting.capacity=unbounded"],
    "a-cold-cache-takes-the-database-down": ["cold.persistent=true"],
    "a-failover-costs-data-or-time": ["async.failover=null"],
    "a-hot-key-makes-a-hot-shard": [["ranged.sharding=hash"], ["listed.sharding=hash"]],
    "a-late-fill-brings-old-data-back":
        ["leased_app.handler=[{look_aside: {cache: leased_cache, store: leased_database}}]"],
    "a-queue-absorbs-a-burst": ["orders.capacity=50"],
    "a-scan-tells-eviction-policies-apart": ["sieve.eviction=lru"],
    "a-view-lags-behind-its-source":
        [["late_projector.concurrency.workers=16"], ["projector.handler=[{wait: 1ms}]"]],
    "access-log-replay": ["shop.arrivals.patterns=[{match: '*', type: other}]"],
    "an-election-stops-all-writes": ["near.failover=null"],
    "an-expired-item-starts-a-stampede": ["collapsing.request_collapsing=false"],
    "an-outbox-loses-no-event": ["outbox.max_receive_count=1"],
    "active-active-loses-writes-silently":
        [["active.replication=async"], ["skewed.clock_skew=0s"], ["cramped.cpu=2"],
         ["passive.read_from=primary"]],
    "balancing-on-equal-servers": ["by_all.policy=random"],
    "balancing-on-unequal-servers": ["faults.0.factor=1"],
    "big-answers-fill-the-line": ["network.to_users.bandwidth=100Gbps"],
    "bounded-queues-keep-goodput": ["short_queue.concurrency.queue=unbounded"],
    "bursts-wait-longer": ["bursty_users.arrivals={kind: poisson, rate: 100/s}"],
    "chatty-against-batched": ["chatty.handler.0.repeat.times=1"],
    "compaction-reaches-the-tail": ["one_core.compaction=null"],
    "coordinated-omission": ["open_users.arrivals={kind: closed, users: 20}"],
    "day-and-night": ["mean_users.arrivals.rate.diurnal.amplitude=0%"],
    "each-layer-takes-its-share": ["local.max_entries=1"],
    "everybody-writes-one-row": ["hot.locks=false"],
    "fan-out-meets-the-tail": ["asks_all.handler=[{call: leaf}]"],
    "fan-out-on-write-against-fan-out-on-read":
        [["push_workers.handler=[{wait: 1ms}]"], ["pull_app.handlers.look=[{read: pull_posts}]"]],
    "health-checks-find-a-dead-server": ["watching.health_check.interval=1h"],
    "hot-key-on-a-hash-ring": ["bounded.policy=ring_hash"],
    "jitter-spreads-retries": ["step_users.retry.retry_back_off.jitter=full"],
    "lost-messages-need-a-timeout": ["network.to_users.loss=0%"],
    "many-balancers-see-little": ["many.replicas=1"],
    "no-backend-left": ["watching.health_check.interval=1h"],
    "old-objects-take-hours":
        [["touching.lifecycle=null"], ["touching.lifecycle.since=creation"],
         ["many_prefixes.rate_limit.prefixes=1"]],
    "one-crash-brings-the-next": ["faults.2.crash.when=four_servers.utilization > 100%"],
    "one-pool-for-everything": ["order_pool.handler=[{call: report_store}]"],
    "panic-threshold": ["panicking.healthy_panic_threshold=0%"],
    "poison-messages-end-in-the-dead-letter-queue": ["limited.max_receive_count=1000000"],
    "priorities-in-a-rush": ["by_priority.concurrency.queue.discipline=fifo"],
    "quorums-trade-speed-for-freshness":
        [["one.read_consistency=all"], ["repaired.read_repair=false"]],
    "ramp-to-the-knee": ["app.concurrency.workers=8"],
    "regional-deployment": ["us_app.zones=[eu]"],
    "replicas-show-old-data":
        [["own.read_from=any"], ["sync.replication=async"], ["yielding.fallback=null"]],
    "resharding-costs-before-it-pays": ["ring.sharding=hash"],
    "retries-multiply-through-tiers": ["eager_middle.handler=[{call: hurt_database}]"],
    "sessions-are-lost-as-a-whole": ["shoppers.arrivals.on_failure=continue"],
    "sessions-die-with-their-server": ["memory.persistent=true"],
    "slow-consumers-see-messages-twice": ["mindful_workers.consume.idempotent=false"],
    "slow-is-worse-than-dead": ["faults.1.factor=1"],
    "slow-start-eases-in-a-cold-server": ["easing.slow_start.window=1ms"],
    "spike-and-headroom": ["five_servers.replicas=2"],
    "sticky-sessions-lose-balance": ["sticky_users.users.count=100k"],
    "threads-run-out-behind-a-slow-dependency": ["event_loop.concurrency.kind=threads"],
    "web-shop": ["faults=[]"],
    "what-came-together-expires-together": ["spread.ttl_jitter=0%"],
    "work-for-users-who-have-left": ["leaving_users.patience=1h"],
    "write-back-is-fast-and-forgets": ["back.writes=through"],
    "writes-invalidate-or-wait-for-the-ttl": ["told_app.handlers.edit=[{write: told_db}]"],
    "zone-aware-routing": ["at_home.zone_aware.routing_enabled=0%"],
}

EXPECTATION_FAILED = 99


def main():
    stampede = sys.argv[1]
    scenarios = {path.stem: path for path in pathlib.Path("scenarios").glob("*.yaml")}
    complaints = [f"{name}: say in {__file__} how to switch off what it shows"
                  for name in sorted(scenarios.keys() - SWITCHED_OFF.keys())]
    complaints += [f"{name}: there is no such scenario"
                   for name in sorted(SWITCHED_OFF.keys() - scenarios.keys())]
    for name in sorted(scenarios.keys() & SWITCHED_OFF.keys()):
        off = SWITCHED_OFF[name]
        for settings in off if isinstance(off[0], list) else [off]:
            command = [stampede, "run", str(scenarios[name]), "--quiet"]
            for setting in settings:
                command += ["--set", setting]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != EXPECTATION_FAILED:
                complaints.append(f"{name}: exit {done.returncode} instead of "
                                  f"{EXPECTATION_FAILED} with {settings}\n{done.stderr}")
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
