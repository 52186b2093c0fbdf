#!/usr/bin/env bash
# object_store.sh DIR PORT MONITOR_PORT: a real S3 store (Ceph: monitor, one OSD in memory, RGW) from nothing in DIR, on the
# loopback alone, without systemd. Says "ready" when it answers, and runs until its standard input ends; then it stops everything.
# Key sluicekey, secret sluicesecret, bucket media. Pids are in DIR/pid.{mon,osd,rgw}.
# Needs Debian's radosgw ceph-mon ceph-osd ceph-common (scripts/install-deps).
set -eu
mkdir -p "$1"
D=$(cd "$1" && pwd) port=$2 monitor_port=$3 ip=127.0.0.1
conf=$D/ceph.conf
export CEPH_CONF=$conf
exec 2>>"$D/log.rig"

alive() { [ -d "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
# In this order: an OSD whose monitor has gone ignores SIGTERM.
stop() {
    for name in rgw osd mon; do
        [ -f "$D/pid.$name" ] || continue
        pid=$(cat "$D/pid.$name")
        kill -CONT "$pid" 2>/dev/null || true
        kill -KILL "$pid" 2>/dev/null || true
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
until_it() {
    for _ in $(seq 600); do
        "$@" >/dev/null 2>>"$D/log.waits" && return
        sleep 0.05
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

mkdir -p "$D"/{mon,osd,run,log,rgw}
fsid=$(cat /proc/sys/kernel/random/uuid)
cat >"$conf" <<C
[global]
fsid = $fsid
mon host = [v1:$ip:$monitor_port]
public network = 127.0.0.0/8
public addr = $ip
cluster addr = $ip
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
# 1 s each by default, and every pool that RGW makes waits for it.
paxos propose interval = 0.05
paxos min wait = 0.01
run dir = $D/run
admin socket = $D/run/\$cluster-\$name.asok
log file = $D/log/\$name.log
crash dir = $D/crash
keyring = $D/keyring
[mon.a]
mon data = $D/mon
mon addr = $ip:$monitor_port
[osd]
osd data = $D/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 939524096
# Both race with the first monitor map and end the OSD in one start of three.
osd class update on start = false
osd crush update on start = false
[client.rgw.a]
rgw frontends = beast endpoint=$ip:$port
rgw data = $D/rgw
rgw thread pool size = 64
rgw run sync thread = false
C
cluster() { timeout 10 ceph -c "$conf" "$@"; }
ceph-authtool --create-keyring --gen-key -n client.admin "$D/keyring" >/dev/null
monmaptool --create --fsid "$fsid" --addv a "[v1:$ip:$monitor_port]" --clobber "$D/monmap" >/dev/null
ceph-mon -c "$conf" --mkfs -i a --monmap "$D/monmap" --keyring "$D/keyring"
begin mon ceph-mon -c "$conf" -i a -f
until_it cluster mon stat
uuid=$(cat /proc/sys/kernel/random/uuid)
# A monitor that has just begun may refuse a command (EPERM).
id=
new_osd() { id=$(cluster osd new "$uuid"); }
until_it new_osd
ceph-osd -c "$conf" -i "$id" --mkfs --osd-uuid "$uuid"
until_it cluster osd crush add "osd.$id" 1.0 host=localhost root=default
begin osd ceph-osd -c "$conf" -i "$id" -f
until_it sh -c "timeout 10 ceph -c '$conf' osd stat | grep -q '1 up'"
begin rgw radosgw -c "$conf" -n client.rgw.a -f
until_it radosgw-admin -c "$conf" user create --uid=sluice --display-name=sluice \
    --access-key=sluicekey --secret-key=sluicesecret
until_it curl -fs -m 2 -o /dev/null "http://$ip:$port/"
until_it curl -fs -m 5 -X PUT --noproxy '*' --aws-sigv4 aws:amz:us-east-1:s3 -u sluicekey:sluicesecret \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "http://$ip:$port/media"
echo ready

# RGW again after it was killed, on demand: "rgw" on a line of the input.
while read -r word; do
    if [ "$word" = rgw ]; then
        begin rgw radosgw -c "$conf" -n client.rgw.a -f
        until_it curl -fs -m 2 -o /dev/null "http://$ip:$port/"
        echo ready
    fi
done
