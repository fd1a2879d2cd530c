#!/bin/bash
# Runs one scenario; what it expects must hold. With STAMPEDE_SHORT set (sanitized builds, ten times
# slower) a quarter of one replication will do, and an expectation that needs more data may fail.
# usage: scenario.sh STAMPEDE SCENARIO
set -euo pipefail

if [[ -z "${STAMPEDE_SHORT:-}" ]]; then
  exec "$1" run "$2" --quiet
fi
status=0
"$1" run "$2" --quiet --replications 1 --shorten 4 || status=$?
[[ $status -eq 0 || $status -eq 99 ]]
