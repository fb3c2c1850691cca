/** The minors of etcd that Holdfast is tested against. */
export const etcdMinors = ['3.4', '3.5', '3.6', '3.7'] as const;

/** One of the minors of etcd that Holdfast is tested against. */
export type EtcdMinor = (typeof etcdMinors)[number];

/**
 * The exact version built for each minor: the newest one whose server, etcdctl and etcdutl modules are all
 * released. 3.4 has none, because its modules are not released apart: whatever 3.4 the distribution packages
 * is taken.
 */
export const pinnedEtcd: Readonly<Record<Exclude<EtcdMinor, '3.4'>, string>> = {
  '3.5': '3.5.35',
  '3.6': '3.6.16',
  '3.7': '3.7.3',
};

/** The oldest Go that builds every pinned etcd: the highest `go` line among their go.mod files. */
export const oldestGo = '1.26.0';

/** The Go that is fetched where none, or only an older one, is there. */
export const fetchedGo = '1.26.11';

/** Says whether `text` is one of the minors known here. */
export function isEtcdMinor(text: string): text is EtcdMinor {
  return (etcdMinors as readonly string[]).includes(text);
}

/** Compares two versions of plain numbers; negative when `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
