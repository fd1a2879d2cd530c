#!/usr/bin/python3
# labels: once
"""The simulator agrees with queueing theory, in runs of a twentieth of their length: every estimate
is within its interval of the exact value, but the intervals may be wide.

usage: shortened_test.py STAMPEDE BUILD_DIR"""

import sys

import scenarios

sys.exit(scenarios.judge_all())
