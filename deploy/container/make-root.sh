#!/bin/sh
# Makes the root folder of an image: the executable, the libraries that it is linked to on this machine, and the few files
# that the C library reads. Names are looked up by glibc itself (2.34 or newer), certificates of CAs and time zones are in
# the executable.
#
#   make-root.sh EXECUTABLE FOLDER
set -eu
[ $# -eq 2 ] || { echo "usage: make-root.sh EXECUTABLE FOLDER" >&2; exit 2; }
executable=$1
root=$2
[ -x "$executable" ] || { echo "$executable is no program" >&2; exit 1; }
[ ! -e "$root" ] || { echo "$root exists already" >&2; exit 1; }

umask 022
mkdir -p "$root/usr/local/bin" "$root/etc" "$root/var/lib"
cp "$executable" "$root/usr/local/bin/holdfast"
chmod 0755 "$root/usr/local/bin/holdfast"

# Each library under the path by which the loader asks for it, and the loader itself.
ldd "$executable" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | while read -r library; do
  mkdir -p "$root${library%/*}"
  cp -L "$library" "$root$library"
done

printf 'root:x:0:0:root:/:/none\nholdfast:x:65532:65532:holdfast:/:/none\n' > "$root/etc/passwd"
printf 'root:x:0:\nholdfast:x:65532:\n' > "$root/etc/group"
printf '127.0.0.1 localhost\n::1 localhost\n' > "$root/etc/hosts"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
install -d -m 1777 "$root/tmp"
install -d -m 0700 "$root/var/lib/holdfast"
# Only root may give files away; without it, say so where the image is built.
if [ "$(id -u)" -eq 0 ]; then chown 65532:65532 "$root/var/lib/holdfast"; fi
