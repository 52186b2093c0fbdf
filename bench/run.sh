#!/usr/bin/env bash
# Builds the release, the load generator and the yardstick, and measures them beside the peers: bench/run.sh [BUILD FOLDER]
# What can be set is told by the head of run.py. Data directories are temporary; the raw lines stay in BUILD FOLDER/bench.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:-build/release}
if [ -z "${BENCH_FROM:-}" ] && [ "${BENCH_BUILD:-yes}" != no ]; then
    cmake --preset release -DBUILD_TESTING=OFF >/dev/null
    targets=(sluice sluice-worker loadgen hints_bench)
    ! pkg-config --exists liburing || targets+=(yardstick)
    cmake --build --preset release -j"${JOBS:-$(nproc)}" --target "${targets[@]}"
fi
mkdir -p "$build/bench"
PYTHONPATH=bench exec python3 -B bench/run.py "$build"
