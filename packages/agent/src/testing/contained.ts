/** In a mount namespace of its own, where each folder is seen under another path, below /mnt. */
const entering = `mount -t tmpfs tmpfs /mnt
while [ "$1" != -- ]; do mkdir -p "$2"; mount --bind "$1" "$2"; shift 2; done
shift
exec "$@"`;

/**
 * The words that run a command as one in a container sees the machine: with files of its own, of which some folders are the
 * machine's. Takes root. The command keeps the pid of what is started with these words.
 *
 * @param mounts of which each `inside` lies below /mnt
 */
export function contained(
  mounts: readonly { readonly inside: string; readonly outside: string }[],
  command: readonly string[],
): string[] {
  const pairs = mounts.flatMap(({ outside, inside }) => [outside, inside]);
  const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', entering, 'sh'];
  return [...words, ...pairs, '--', ...command];
}
