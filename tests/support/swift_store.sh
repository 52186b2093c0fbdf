#!/usr/bin/env bash
# swift_store.sh DIR PORT BASE: OpenStack Swift with its s3api on the loopback, from nothing in DIR, one replica, without memcached. Its
# other servers take the three ports behind BASE. Says "ready" when it answers, and runs until its standard input ends. Key media:sluice,
# secret sluicesecret. Needs Debian's swift-proxy swift-account swift-container swift-object (scripts/install-deps --swift).
set -eu
mkdir -p "$1"
D=$(cd "$1" && pwd) port=$2 base=$3 ip=127.0.0.1
exec 2>>"$D/log.rig"

stop() {
    for name in proxy object container account; do
        [ -f "$D/pid.$name" ] || continue
        kill -KILL "$(cat "$D/pid.$name")" 2>/dev/null || true
    done
    wait || true
}
trap stop EXIT
# With the test that started this it ends in any case.
begin() {
    local name=$1
    shift
    setpriv --pdeathsig=KILL "$@" </dev/null >>"$D/log.$name" 2>&1 &
    echo $! >"$D/pid.$name"
}

mkdir -p "$D"/{etc,srv/d1,recon}
user=$(id -un)
cd "$D/etc"
printf '[swift-hash]\nswift_hash_path_suffix = tests\nswift_hash_path_prefix = tests\n[swift-constraints]\nmax_file_size = 5368709122\n' >swift.conf
number=0
for kind in object container account; do
    number=$((number + 1))
    swift-ring-builder $kind.builder create 4 1 0 >/dev/null
    swift-ring-builder $kind.builder add "r1z1-$ip:$((base + number))/d1" 1 >/dev/null
    swift-ring-builder $kind.builder rebalance >/dev/null
    cat >$kind.conf <<C
[DEFAULT]
bind_ip = $ip
bind_port = $((base + number))
user = $user
swift_dir = $D/etc
devices = $D/srv
mount_check = false
workers = 0
log_address = $D/nolog
fallocate_reserve = 0
disable_fallocate = true
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
recon_cache_path = $D/recon
auditor_ignore = true
C
    begin $kind swift-$kind-server "$D/etc/$kind.conf"
done
cat >proxy.conf <<C
[DEFAULT]
bind_ip = $ip
bind_port = $port
user = $user
swift_dir = $D/etc
workers = 0
log_address = $D/nolog
[pipeline:main]
pipeline = catch_errors proxy-logging cache listing_formats s3api tempauth copy bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:tempauth]
use = egg:swift#tempauth
user_media_sluice = sluicesecret .admin
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
check_bucket_owner = false
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:copy]
use = egg:swift#copy
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
minimum_segment_size = 1
[filter:dlo]
use = egg:swift#dlo
C
begin proxy swift-proxy-server "$D/etc/proxy.conf"
for _ in $(seq 1200); do
    curl -s -m 2 -o /dev/null --noproxy '*' "http://$ip:$port/" && break
    sleep 0.05
done
echo ready
cat >/dev/null  # until the input ends
