#!/usr/bin/python3
# labels: once
"""Each scenario expects an effect. With the mechanism behind it switched off, it must fail.

usage: effects_test.py STAMPEDE BUILD_DIR (called by ctest in the root of the sources)
"""

import pathlib
import subprocess
import sys

# A scenario, and settings that take away what it shows: one list of them, or one for each of its
# mechanisms.
SWITCHED_OFF = {
    "a-release-waits-for-the-error-budget": [["rollouts.patient_release.when=null"], ["faults=[]"]],
    "a-zone-outage-is-no-fault-of-the-canary": [
        ["faults=[]"],
        ["bad_app.versions.v2.error_rate=0%"],
        ["rollouts.compared_release.analysis.metrics.0.failure_condition=canary.error_rate > 0.1%"],
    ],
    "a-pipeline-stops-at-the-first-region": [
        ["staged_app.versions.v2.boot_time=10s"],
        ["rollouts.good_us.after=staged_eu"],
    ],
    "only-full-load-shows-the-bug": [
        ["rollouts.roomy_release.steps.0.set_canary_scale={match_traffic_weight: true}"],
        ["tight_app.versions.v2.defects=[]"],
    ],
    "a-dark-launch-load-tests-the-new-version": [
        ["slow_app.versions.v2.handler.0={compute: {exponential: {mean: 8ms}}}"],
        ["rollouts.fast_launch.percentage=0.1%", "rollouts.slow_launch.percentage=0.1%"],
    ],
    "rolling-under-load-with-and-without-surge": [
        ["rollouts.hard_release.max_surge=3", "rollouts.hard_release.max_unavailable=0"],
        ["rollouts.soft_release.max_surge=0", "rollouts.soft_release.max_unavailable=3"],
    ],
    "a-canary-finds-a-bad-version": [
        ["bad_app.versions.v2.error_rate=0.1%"],
        ["good_app.versions.v2.error_rate=2%"],
        ["nobody.arrivals.rate=100/s"],
    ],
    "a-leak-shows-after-an-hour": [
        ["rollouts.short_release.steps.1.pause=60m"],
        ["rollouts.long_release.steps.1.pause=5m"],
        ["long_app.versions.v2.defects=[]"],
    ],
    "blue-green-begins-with-cold-caches": [
        ["rollouts.switch.at=10s"],
        ["switched_cache.max_entries=1"],
    ],
    "a-fixed-timeout-flaps-where-phi-adapts": [
        ["phi.heartbeats={interval: 1s, timeout: 2s}"],
        ["network.links.0.latency=20ms"],
    ],
    "a-leak-of-connections-ends-in-an-empty-pool":
        [["faults.0.for=30s"], ["faults.2.every=200s"]],
    "a-name-that-is-not-resolved-is-an-outage":
        [["short_name.ttl=10m"], ["long_name.ttl=10s"], ["stale_name.serve_stale=0s"]],
    "a-region-fails-over-where-there-is-room":
        [["roomy_eu.priorities=null"], ["cramped_app.replicas=12"]],
    "a-server-that-fails-fast-attracts-everything":
        [["drained.policy=round_robin"], ["guarded.outlier_detection=null"]],
    "cached-names-delay-the-fail-over":
        [["slow_name.ttl=10s"], ["quick_name.ttl=60s"], ["stubborn_name.ignoring_ttl=null"]],
    "the-crowd-after-a-fail-over-meets-cold-caches": [
        ["cold_entrance.priorities=null"],
        ["warm_entrance.priorities=[[eu], [us]]"],
        ["limited_app.admission=[]"],
    ],
    "two-primaries-and-one-must-forget": [
        ["split_db.failover.lease=true"],
        ["leased_db.failover.lease=false"],
        ["waiting_db.replication=async"],
    ],
    "two-are-the-least-if-one-can-bear-it":
        [["paired_app.replicas=1"], ["full_users.arrivals.rate=70/s"], ["patient.heartbeats.timeout=2s"]],
    "outlier-detection-finds-a-grey-failure": [
        ["watched.outlier_detection=null"],
        ["believed.outlier_detection.successful_active_health_check_uneject_host=false"],
    ],
    "peeking-finds-differences-that-are-not-there": [
        ["ab_tests.checkout.analyses.peeking=group_sequential"],
        ["ab_tests.checkout.analyses.pocock=peeking"],
        ["ab_tests.checkout.analyses.always_valid=peeking"],
    ],
    "sequential-tests-end-early": ["ab_tests.checkout.analyses.obrien_fleming=fixed_horizon"],
    "a-broken-redirect-skews-an-ab-test": [
        ["ab_tests.counted_on_the_page.exposure=sent"],
        ["faults.0.error_rate=0.01%"],
    ],
    "a-kill-switch-ends-the-harm": ["flags.watched_search.kill_switch=null"],
    "requests-of-one-user-are-no-sample": [
        ["ab_tests.users_assigned.metric.prospects=100%"],
        ["ab_tests.users_assigned.analyses.as_users.unit=request"],
    ],
    "a-guardrail-stops-a-slow-winner": [
        ["ab_tests.guarded.guardrails.latency.worse_by=100%"],
        ["ab_tests.guarded.on_harm=continue"],
    ],
    "a-partition-stops-who-waits-for-the-other-side": [["sync.replication=async"], ["async.replication=sync"]],
    "collections-spiral-with-the-backlog": ["faults.1.pause_per_request=100us"],
    "clocks-that-agree-send-a-herd": ["faults.0.requests=60"],
    "an-attack-takes-the-place-of-users": [["faults.0.rate=1/s"], ["faults.2.factor=1.1"]],
    "a-zone-outage-needs-room-elsewhere": [["cramped_app.replicas=12"], ["roomy_app.replicas=6"]],
    "a-one-way-partition-does-the-work-and-loses-the-answer": ["faults.1.direction=both"],
    "a-memory-leak-dies-in-step": [["faults.0.per_request=10KB"], ["staggered.weights=[1]"]],
    "a-grey-failure-passes-every-health-check": [["faults.0.toxicity=1%"], ["faults.1.kind=pause"]],
    "a-bounded-queue-pushes-back": [
        ["rejecting.capacity=unbounded"],
        ["dropping.overflow=reject"],
        ["blocking.overflow=reject"],
    ],
    "a-breaker-stops-the-time-out-cascade": ["careful_shop.guards=[]"],
    "a-broker-that-comes-back-leads-nothing": ["even.auto_leader_rebalance=null"],
    "a-cache-may-begin-warm": ["warm.earlier_reads=[]"],
    "a-bulkhead-keeps-the-rest-afloat": ["parted_shop.guards=[]"],
    "a-cold-cache-takes-the-database-down": [
        ["cold.persistent=true"],
        ["warm.persistent=false"],
        ["split.replicas=1"],
        ["faults.3.target.component=cold"],
    ],
    "a-dead-cache-node-is-left-out": ["leaving.auto_eject=null"],
    "a-failover-costs-data-or-time": ["async.failover=null"],
    "a-fallback-keeps-the-page-up": ["lenient_shop.handler.0.fallback=null"],
    "a-fixed-window-lets-twice-its-limit-through": [
        ["fixed.admission.0={sliding_window: {limit: 100, window: 1s}}"],
        ["log.admission.0={fixed_window: {limit: 100, window: 1s}}"],
        ["counter.admission.0={fixed_window: {limit: 100, window: 1s}}"],
        ["bucket.admission.0.token_bucket.max_tokens=1"],
        ["leaky.admission.0.leaky_bucket.burst=100"],
    ],
    "a-hot-key-makes-a-hot-shard": [["ranged.sharding=hash"], ["listed.sharding=hash"]],
    "a-late-fill-brings-old-data-back":
        ["leased_app.handler=[{look_aside: {cache: leased_cache, store: leased_database}}]"],
    "a-limit-per-tenant-keeps-neighbours-apart": ["kept.admission.0.token_bucket.per=all"],
    "a-limit-per-user-stops-an-attack": [
        ["fair_door.admission.0.token_bucket.per=all"],
        ["common_door.admission=[]"],
        ["local_door.admission.0.token_bucket.scope=shared"],
    ],
    "a-message-overtakes-the-data": ["patient.delay=0s"],
    "a-metastable-collapse-outlives-its-trigger": [
        ["throttled_users.guards=[]"],
        ["stuck_users.retry=null"],
    ],
    "a-pause-for-breath-ends-a-metastable-collapse":
        [["chaos.rollbacks=[]"], ["web.handler.0.retry=null"]],
    "a-queue-absorbs-a-burst": ["orders.capacity=50"],
    "a-remembered-failure-spares-the-wait": ["mindful_prices.negative_ttl=null"],
    "a-restarted-server-copies-its-neighbours-cache": ["copying.warm_from=nothing"],
    "a-retry-budget-ends-the-storm": [
        ["budgeted_shop.guards=[]"],
        ["storming_shop.handler=[{call: storming_store, timeout: 300ms}]"],
    ],
    "a-scan-tells-eviction-policies-apart": [
        ["fifo.eviction=lru"],
        ["random.eviction=lru"],
        ["lfu.eviction=lru"],
        ["sieve.eviction=lru"],
        ["s3_fifo.eviction=lru"],
        ["w_tinylfu.eviction=lru"],
        ["arc.eviction=lru"],
        ["segmented_lru.eviction=lru"],
        ["sampled_lru.eviction=sieve"],
    ],
    "a-shield-spares-the-origin": ["shielded.origin_shield=null"],
    "a-saga-undoes-what-it-cannot-finish": [
        ["careful_shop.handler.0.saga.0={do: {call: stock}}"],
        ["faults=[]"],
    ],
    "a-rebalance-stops-the-group": ["eager.consume.assignment=cooperative"],
    "a-sketch-of-a-cache-knows-no-crash": ["sketched.hit_ratio=null", "sketched.max_entries=4000"],
    "a-slow-copy-holds-up-all-writers": ["strict.replica_lag_time=60s"],
    "a-small-pool-starves-beside-an-idle-database": [
        ["waiting_app.connection_pools.0.max_size=8"],
        ["refusing_app.connection_pools.0.connection_timeout=30s"],
        ["sized_app.connection_pools.0.max_size=2"],
    ],
    "a-view-lags-behind-its-source":
        [["late_projector.concurrency.workers=16"], ["projector.handler=[{wait: 1ms}]"]],
    "access-log-replay": ["shop.arrivals.patterns=[{match: '*', type: other}]"],
    "acks-trade-latency-for-loss": ["acks_leader.acks=all"],
    "adaptive-concurrency-finds-the-knee":
        [["gradient.admission=[]"], ["vegas.admission=[]"], ["aimd.admission=[]"]],
    "after-a-timeout-nobody-knows-what-was-done": ["wary_shop.handler.0.saga.undo_failed=false"],
    "an-election-stops-all-writes": ["near.failover=null"],
    "a-failover-meets-its-recovery-objectives":
        [["orders.failover=null"], ["orders.replication_lag=2s"]],
    "an-experiment-measures-what-a-dead-server-costs": ["balancer.health_check.interval=1h"],
    "a-stop-condition-ends-an-experiment-early": ["chaos.stop_conditions.0=app.error_rate > 99%"],
    "an-expired-item-starts-a-stampede": [
        ["collapsing.request_collapsing=false"],
        ["early.early_refresh=0"],
        ["grace.grace=0s"],
        ["lease_app.handler.0.look_aside.lease=null"],
        ["single_flight_app.handler.0.look_aside.collapse=false"],
    ],
    "an-old-page-is-better-than-none": ["lenient.stale_if_error=0s"],
    "an-outbox-loses-no-event": ["outbox.max_receive_count=1"],
    "active-active-loses-writes-silently":
        [["active.replication=async"], ["skewed.clock_skew=0s"], ["cramped.cpu=2"],
         ["passive.read_from=primary"]],
    "an-unclean-election-trades-messages-for-uptime": ["unclean.unclean_leader_election=false"],
    "back-off-among-a-hundred-writers":
        [["none_row.optimistic=false"], ["network.within_zone.latency=20ms"]],
    "balancing-on-equal-servers": ["by_all.policy=random"],
    "balancing-on-unequal-servers": ["faults.0.factor=1"],
    "big-answers-fill-the-line": ["network.to_users.bandwidth=100Gbps"],
    "bounded-queues-keep-goodput": ["short_queue.concurrency.queue=unbounded"],
    "bursts-wait-longer": ["bursty_users.arrivals={kind: poisson, rate: 100/s}"],
    "chatty-against-batched": ["chatty.handler.0.repeat.times=1"],
    "compaction-reaches-the-tail": ["one_core.compaction=null"],
    "coordinated-omission": ["open_users.arrivals={kind: closed, users: 20}"],
    "day-and-night": ["mean_users.arrivals.rate.diurnal.amplitude=0%"],
    "each-layer-takes-its-share": [
        ["edge.cache.max_entries=1"],
        ["local.max_entries=1"],
        ["shared.max_entries=1"],
    ],
    "everybody-writes-one-row": ["hot.locks=false"],
    "fan-out-meets-the-tail": ["asks_all.handler=[{call: leaf}]"],
    "fan-out-on-write-against-fan-out-on-read":
        [["push_workers.handler=[{wait: 1ms}]"], ["pull_app.handlers.look=[{read: pull_posts}]"]],
    "health-checks-find-a-dead-server": ["watching.health_check.interval=1h"],
    "hedges-cut-the-tail": ["hedging_shop.handler.0.hedge=null"],
    "hot-key-on-a-hash-ring": ["bounded.policy=ring_hash"],
    "jitter-spreads-retries": ["step_users.retry.retry_back_off.jitter=full"],
    "linger-trades-latency-for-throughput": ["busy_batched_log.batch=null"],
    "lost-messages-need-a-timeout": ["network.to_users.loss=0%"],
    "many-balancers-see-little": ["many.replicas=1"],
    "messages-get-lost-in-three-ways": [
        ["trusting.delivery=at_least_once"],
        ["short.retention=null"],
        ["memory.persistent=true"],
        ["safe.persistent=false"],
    ],
    "no-backend-left": ["watching.health_check.interval=1h"],
    "old-copies-come-back-when-a-cache-shrinks": [["lasting.resize=[]"], ["expiring.ttl=null"]],
    "old-objects-take-hours":
        [["touching.lifecycle=null"], ["touching.lifecycle.since=creation"],
         ["many_prefixes.rate_limit.prefixes=1"]],
    "one-bad-message-holds-up-its-partition": ["skipping_readers.consume.max_attempts=null"],
    "one-busy-account-fills-no-queue": [
        ["fifo.fifo=false"],
        ["plain.fifo=true"],
    ],
    "one-crash-brings-the-next": ["faults.2.crash.when=four_servers.utilization > 100%"],
    "one-hit-wonders-stay-outside": [
        ["second_time.admission=null"],
        ["small_only.admission=null"],
        ["chance.admission=null"],
    ],
    "one-more-cache-node-moves-a-fifth-or-everything": [
        ["modulo.routing=ring_hash"],
        ["ring.resize=[]"],
        ["warm.warm_from=nothing"],
    ],
    "one-pool-for-everything": ["order_pool.handler=[{call: report_store}]"],
    "one-slow-fetch-holds-up-everybody": [
        ["wary.collapse_timeout=null"],
        ["together.request_collapsing=false"],
    ],
    "one-row-limits-how-far-it-scales": ["invoices.locks=false"],
    "panic-threshold": ["panicking.healthy_panic_threshold=0%"],
    "partitions-bound-the-parallelism": ["narrow.partitions=16"],
    "poison-messages-end-in-the-dead-letter-queue": ["limited.max_receive_count=1000000"],
    "prefetching-saves-the-way-and-hoards": [
        ["prefetching_event_workers.consume.prefetch=1"],
        ["prefetching_film_workers.consume.prefetch=1"],
    ],
    "priorities-in-a-rush": ["by_priority.concurrency.queue.discipline=fifo"],
    "quorums-trade-speed-for-freshness":
        [["one.read_consistency=all"], ["repaired.read_repair=false"]],
    "ramp-to-the-knee": ["app.concurrency.workers=8"],
    "regional-deployment": ["us_app.zones=[eu]"],
    "replicas-show-old-data":
        [["own.read_from=any"], ["sync.replication=async"], ["yielding.fallback=null"]],
    "resharding-costs-before-it-pays": ["ring.sharding=hash"],
    "retention-forgets-what-a-slow-group-has-not-read": ["short_log.retention=1h"],
    "retries-multiply-through-tiers": ["eager_middle.handler=[{call: hurt_database}]"],
    "sessions-are-lost-as-a-whole": ["shoppers.arrivals.on_failure=continue"],
    "sessions-die-with-their-server": ["memory.persistent=true"],
    "several-groups-read-one-log": ["faults=[]"],
    "slow-consumers-see-messages-twice": [
        ["patient.visibility_timeout=10s"],
        ["mindful_workers.consume.idempotent=false"],
    ],
    "slow-is-worse-than-dead": ["faults.1.factor=1"],
    "shedding-by-priority-keeps-checkout-alive":
        ["sorted.admission.0.priority_shedding.thresholds=[100%]"],
    "slow-start-eases-in-a-cold-server": ["easing.slow_start.window=1ms"],
    "spike-and-headroom": ["five_servers.replicas=2"],
    "sticky-sessions-lose-balance": ["sticky_users.users.count=100k"],
    "the-nearest-cache-is-the-users-own": [
        ["browser.ttl=1ms"],
        ["editors.requests.article.operation=read"],
    ],
    "threads-loops-and-processes-on-the-same-cores": [
        ["few_threads.concurrency.workers=128"],
        ["many_threads.concurrency.workers=16"],
        ["any_loop.policy=least_request"],
        ["least_loop.policy=random"],
    ],
    "threads-run-out-behind-a-slow-dependency": ["event_loop.concurrency.kind=threads"],
    "too-late-to-matter": [
        ["telling_users.propagate.deadline=false"],
        ["cancelling_users.propagate.cancel=false"],
        ["forgotten_users.propagate.deadline=true"],
    ],
    "tokens-are-checked-here-or-asked-about-there":
        [["introspection.concurrency.workers=32"],
         ["tokens.ttl=1ms"]],
    "web-shop": ["faults=[]"],
    "what-came-together-expires-together": ["spread.ttl_jitter=0%"],
    "who-commits-first-loses-who-commits-last-repeats":
        [["losing.consume.delivery=at_least_once"], ["repeating.consume.delivery=at_most_once"]],
    "who-takes-too-much-at-once-is-thrown-out": [
        ["greedy.consume.max_poll_interval=300s"],
        ["modest.consume.max_poll_records=500"],
    ],
    "who-waited-too-long-is-not-worth-serving": [
        ["endless.concurrency.queue={capacity: unbounded, max_age: 500ms}"],
        ["aged.concurrency.queue.max_age=null"],
        ["codel.concurrency.queue.codel=null"],
        ["controlled.concurrency.queue.controlled_delay=null"],
        ["youngest.concurrency.queue.discipline=fifo"],
    ],
    "work-for-users-who-have-left": ["leaving_users.patience=1h"],
    "write-back-is-fast-and-forgets": [
        ["back.writes=through"],
        ["through.writes=around"],
        ["around.writes=through"],
        ["safe.persistent=false"],
    ],
    "writes-invalidate-or-wait-for-the-ttl": [
        ["short_ttl.ttl=60s"],
        ["told_app.handlers.edit=[{write: told_db}]"],
        ["edge.purge_delay=0s"],
    ],
    "zone-aware-routing": ["at_home.zone_aware.routing_enabled=0%"],
}

EXPECTATION_FAILED = 99


def variants(settings):
    return settings if isinstance(settings[0], list) else [settings]


def main():
    stampede = sys.argv[1]
    scenarios = {path.stem: path for path in pathlib.Path("scenarios").glob("*.yaml")}
    complaints = [f"{name}: say in {__file__} how to switch off what it shows"
                  for name in sorted(scenarios.keys() - SWITCHED_OFF.keys())]
    complaints += [f"{name}: there is no such scenario"
                   for name in sorted(SWITCHED_OFF.keys() - scenarios.keys())]
    for name in sorted(scenarios.keys() & SWITCHED_OFF.keys()):
        for settings in variants(SWITCHED_OFF[name]):
            command = [stampede, "run", str(scenarios[name]), "--quiet"]
            for setting in settings:
                command += ["--set", setting]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != EXPECTATION_FAILED:
                complaints.append(f"{name}: exit {done.returncode} instead of {EXPECTATION_FAILED} "
                                  f"with {settings}\n{done.stderr}")
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
