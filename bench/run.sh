#!/usr/bin/env bash
# Sluice beside nginx, in one run and interleaved: what 1 GiB of segments costs each server, STATUS requests per second, and the
# peak memory of a 2 GiB upload. bench/run.sh [FOLDER WITH sluice]; ROUNDS=3, TOTAL=1073741824. A server per measurement, with
# a fresh directory under BENCH_DIR (default: the temporary folder), all on loopback. Prints one table; raw lines stay in FOLDER/bench.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:-build/release}
rounds=${ROUNDS:-3}
total=${TOTAL:-1073741824}
results=$bin/bench
work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/sluice-bench.XXXXXX")
server_pid=
mkdir -p "$results"
raw=$results/raw.jsonl
: >"$raw"

stop() {
    [ -n "$server_pid" ] || return 0
    kill -TERM "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=
    rm -rf "${work:?}/data" "${work:?}/run"
}
trap 'stop; rm -rf "$work"' EXIT

start_sluice() {
    "$bin/sluice" serve --listen 127.0.0.1:0 --data "$work/data" --durability "$1" >"$work/ready" 2>"$work/log" &
    server_pid=$!
    for _ in $(seq 100); do
        port=$(sed -n 's/^sluice ready .*://p' "$work/ready")
        [ -z "$port" ] || return 0
        sleep 0.1
    done
    echo "bench: sluice did not start" >&2
    exit 1
}

start_nginx() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$work/run" "$work/data"
    sed "s#@RUN@#$work/run#g; s#@DATA@#$work/data#g; s#@PORT@#$port#g" bench/nginx.conf >"$work/run/nginx.conf"
    /usr/sbin/nginx -p "$work/run" -e "$work/run/error.log" -c "$work/run/nginx.conf" &
    server_pid=$!
    for _ in $(seq 100); do
        ! curl -s -o "$work/run/answer" "http://127.0.0.1:$port/" || return 0
        sleep 0.1
    done
    echo "bench: nginx did not start" >&2
    exit 1
}

# measure LABEL MODE [loadgen's options]
measure() {
    local label=$1 mode=$2
    shift 2
    "$results/loadgen" "$mode" --port "$port" --pid "$server_pid" "$@" | sed "s/^{/{\"server\":\"$label\",/" >>"$raw"
    stop
    sync
}

clang++-19 -std=c++23 -O2 -Wall -Wextra -o "$results/loadgen" bench/loadgen.cpp -pthread

for round in $(seq "$rounds"); do
    echo "bench: round $round of $rounds" >&2
    for conns in 1 8; do
        for durability in strict relaxed; do
            start_sluice "$durability"
            measure "sluice $durability" append --conns "$conns" --total "$total"
        done
        start_nginx
        measure nginx put --conns "$conns" --total "$total"
    done
    start_sluice strict
    measure "sluice strict" status --conns 8
done
start_sluice strict
measure "sluice strict, 2 GiB" append --conns 4 --total 2147483648

python3 bench/table.py "$raw"
