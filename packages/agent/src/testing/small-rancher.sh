#!/bin/bash
# Does what `k3s server` and `rke2 server` do with their etcd (k3s, pkg/etcd/etcd.go; rke2, pkg/podexecutor), which is a real one:
# a tombstone has the data moved away, a name is made up where there is none, the configuration is written at each start. As k3s
# it then is that etcd, in one process with an API server beside; as rke2 it writes manifests and starts a kubelet, which ends with
# it, but not what that has started.
#   small-rancher.sh k3s|rke2 FOLDER : the folder has a file `settings` that sets data, client, peer, etcd, node, kubelet and api.
set -e
runtime=$1
. "$2/settings"
db=$data/server/db/etcd
if [ -e "$db/tombstone" ]; then mv "$db" "$data/server/db/etcd-backup-$(date +%s)"; fi
mkdir -p -m 0700 "$db"
[ -e "$db/name" ] || printf 'cp-1-%s' 1a2b3c4d > "$db/name"
cat > "$db/config" <<EOF
advertise-client-urls: $client
data-dir: $db
initial-advertise-peer-urls: $peer
initial-cluster: $(cat "$db/name")=$peer
initial-cluster-state: new
listen-client-urls: $client
listen-peer-urls: $peer
name: $(cat "$db/name")
unsafe-no-fsync: true
EOF
rm -f "$data/server/db/reset-flag"
if [ "$runtime" = k3s ]; then
  if [ -n "$api" ]; then $api & fi
  # Its program is called otherwise: there is no process of etcd.
  exec -a "/usr/local/bin/k3s server" "$2/k3s-inner" --config-file="$db/config"
fi
manifests=$data/agent/pod-manifests
mkdir -p "$manifests"
cat > "$manifests/etcd.yaml" <<EOF
apiVersion: v1
kind: Pod
metadata: { name: etcd, namespace: kube-system }
spec:
  containers:
    - name: etcd
      image: index.docker.io/rancher/hardened-etcd:v3.6.4-k3s3-build20250908
      command: [$etcd]
      args: [--config-file=$db/config]
      volumeMounts: [{ name: dir0, mountPath: $db }]
  volumes: [{ name: dir0, hostPath: { path: $db } }]
EOF
$node "$kubelet" --pod-manifest-path="$manifests" --pod-logs=/var/log/pods --hostname-override=cp-1 &
# As one that is killed, it leaves what it has started.
trap 'kill -KILL $!; exit 0' TERM
wait $!
