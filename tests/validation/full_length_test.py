#!/usr/bin/python3
# labels: long
"""The simulator agrees with queueing theory, as closely as scenarios/validation ask.

usage: full_length_test.py STAMPEDE BUILD_DIR"""

import sys

import scenarios

sys.exit(scenarios.judge_all("--shorten", "1"))
