#!/bin/bash
# Installs the build into a prefix of its own, builds the repository in this folder against it, and
# runs the policy that it adds.
# usage: adds_a_policy_test.sh STAMPEDE BUILD_DIR
# labels: once
set -euo pipefail

build="$2"
compiler="$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || {
  cat "$work/install.log"
  exit 1
}
# Only the repository itself: nothing may be found by its place in the source tree.
mkdir "$work/repository"
cp "$here"/{CMakeLists.txt,always_first.cpp,scenario.yaml} "$work/repository"
cmake -G Ninja -S "$work/repository" -B "$work/build" \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/prefix"
cmake --build "$work/build"

expect() {  # expect TEXT COMMAND…: the command succeeds and prints the text
  local text="$1" output
  shift
  output="$("$@")"
  grep -qF -- "$text" <<<"$output" || {
    printf 'expected "%s" in the output of: %s\n%s\n' "$text" "$*" "$output"
    exit 1
  }
}

expect always_first "$work/build/my_stampede" list
expect round_robin "$work/build/my_stampede" list
expect '"availability"' "$work/build/my_stampede" run "$work/repository/scenario.yaml" --format json

# The plain program knows nothing of the policy and says so.
if "$work/prefix/bin/stampede" validate "$work/repository/scenario.yaml" >"$work/plain.log" 2>&1; then
  echo "the plain program accepts a policy that it does not have"
  exit 1
fi
grep -q always_first "$work/plain.log"

# What else is installed is complete.
"$work/prefix/bin/stampede" validate "$work/prefix/share/stampede/scenarios/web-shop.yaml"
test -s "$work/prefix/share/stampede/docs/schema/scenario.schema.json"
