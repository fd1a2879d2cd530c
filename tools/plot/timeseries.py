#!/usr/bin/python3
"""Draws a run over time: latency, throughput, the queues and the use of each component, faults as bands.

    tools/plot/timeseries.py RESULT_DIR [-o FILE.png|.svg|.pdf]

RESULT_DIR is what `stampede run --out` wrote. Lines are means over replications; the shade is their range.
Needs python3-matplotlib; reads result files only.
"""
import argparse
import collections
import csv
import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend comes first)

PANELS = [
    # title, metrics, unit, log axis
    ("latency", ["latency_s.p50", "latency_s.p99"], "s", True),
    ("throughput", ["throughput_per_s"], "1/s", False),
    ("availability", ["availability"], "", False),
    ("utilization", ["utilization", "cpu_utilization"], "", False),
    ("queue length", ["queue_length"], "", False),
]
STYLES = ["-", "--", ":", "-."]


def read_series(path):
    """{(subject, metric): {time: [value of each replication]}}"""
    series = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            series[row["subject"], row["metric"]][float(row["time_s"])].append(float(row["value"]))
    return series


def fault_spans(result):
    """(begin, end) of each fault in seconds; one without an end lasts to the end of the run."""
    spans = []
    open_since = collections.defaultdict(list)
    for event in result.get("faults", []):
        what = event["kind"], event["target"]
        if event["event"] == "begins":
            open_since[what].append(event["at_s"])
        else:
            spans.append((open_since[what].pop(), event["at_s"]))
    for begins in open_since.values():
        spans += [(begin, result["run"]["duration_s"]) for begin in begins]
    return spans


def draw_panel(axis, series, subjects, metrics):
    drawn = 0
    for subject in subjects:
        for metric in metrics:
            points = series.get((subject, metric))
            if not points:
                continue
            times = sorted(points)
            means = [sum(points[t]) / len(points[t]) for t in times]
            label = subject if len(metrics) == 1 else f"{subject} {metric.split('.')[-1]}"
            line, = axis.plot(times, means, STYLES[drawn % len(STYLES)], linewidth=1.2, label=label)
            axis.fill_between(times, [min(points[t]) for t in times], [max(points[t]) for t in times],
                              color=line.get_color(), alpha=0.15, linewidth=0)
            drawn += 1
    return drawn


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("result")
    parser.add_argument("-o", "--output", help="RESULT_DIR/timeseries.png unless given")
    options = parser.parse_args()
    try:
        series = read_series(os.path.join(options.result, "timeseries.csv"))
        with open(os.path.join(options.result, "result.json")) as file:
            result = json.load(file)
    except OSError as problem:
        sys.exit(f"{problem.filename}: {problem.strerror}; expected the folder of a `stampede run --out`")

    subjects = list(result["traffic"]) + list(result["components"])
    panels = [panel for panel in PANELS
              if any((s, m) in series for s in subjects for m in panel[1])]
    figure, axes = plt.subplots(len(panels), 1, sharex=True, squeeze=False,
                                figsize=(9, 2.1 * len(panels)), constrained_layout=True)
    for axis, (title, metrics, unit, is_log) in zip(axes[:, 0], panels):
        draw_panel(axis, series, subjects, metrics)
        for begin, end in fault_spans(result):
            axis.axvspan(begin, end, color="0.85", zorder=0, linewidth=0)
        axis.set_ylabel(f"{title} [{unit}]" if unit else title)
        if is_log:
            axis.set_yscale("log")
        axis.axvline(result["run"]["warmup_s"], color="0.4", linewidth=0.8, linestyle=":")
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small", frameon=False)
        axis.grid(True, linewidth=0.3)
    axes[-1, 0].set_xlabel("time [s]; the dotted line is the end of the warm-up, grey is a fault")
    figure.suptitle(result["scenario"]["name"], fontsize="medium")
    output = options.output or os.path.join(options.result, "timeseries.png")
    figure.savefig(output, dpi=120)
    print(output)


if __name__ == "__main__":
    main()
