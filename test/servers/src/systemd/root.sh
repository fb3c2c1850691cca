#!/bin/sh
# Makes a small root for a systemd of the tests and becomes its process 1. Runs in namespaces of its own.
#   root.sh SHARED READ_ONLY… : SHARED is the one folder of the machine outside that can be written to, at the same path.
# Nothing else of the outside is writable: a systemd that did more than it should could change its own root only.
set -eu
shared=$1
shift
root=$shared/root
mkdir "$root"
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$root"

read_only() {
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
}

for name in bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"; elif [ -d "/$name" ]; then read_only "/$name"; fi
done
read_only /usr
for folder in "$@"; do read_only "$folder"; done
mkdir -p "$root$shared"
mount --bind "$shared" "$root$shared"

cd "$root"
mkdir -p etc/systemd/system dev proc sys run tmp var/log root units none outside
cp /etc/passwd /etc/group /etc/ld.so.cache etc/
printf '127.0.0.1 localhost\n' > etc/hosts
printf 'hosts: files\npasswd: files\ngroup: files\n' > etc/nsswitch.conf
tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id
mount -t tmpfs -o mode=0755 tmpfs dev
for device in null zero full random urandom; do
  : > "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mount -t proc -o nosuid,nodev,noexec proc proc
for path in sys sysrq-trigger; do
  [ -e "proc/$path" ] || continue
  mount --bind "proc/$path" "proc/$path"
  mount -o remount,bind,ro "proc/$path"
done
# A systemd that finds these in place takes them as they are: else it would mount the cgroups of the machine outside.
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mkdir -p run/systemd/system
cp "$shared"/units/* units/
pivot_root . outside
umount -l /outside
cd /

# Whatever is not as it is meant to be, the machine outside is not at risk: then nothing is started.
if awk -v shared="$shared" '$4 ~ /^rw/ && $3 !~ /^(tmpfs|proc|cgroup2|devtmpfs)$/ && $2 != shared' /proc/mounts | grep .; then
  echo 'these could be written to' >&2
  exit 1
fi
# The units and generators of the machine outside must never be seen: its boot would be played on shared kernel state.
exec env -i container=holdfast-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/systemd/system:/units SYSTEMD_GENERATOR_PATH=/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/none \
  setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-net_admin,-sys_boot,-syslog,-mknod,-wake_alarm,-mac_admin,-bpf,-perfmon \
  /usr/lib/systemd/systemd --system --unit=machine.target systemd.unified_cgroup_hierarchy=1 --log-target=console --show-status=no
