import { parseSnapshotName } from '@holdfast/model';

/** What a file's name tells if K3s or RKE2 gave it: `<base>-<node>-<unix seconds>`, `.zip` when compressed (k3s pkg/etcd/snapshot.go). */
export interface K3sName {
  readonly takenAt: Date;
  /** Null where its base is somebody's choice. */
  readonly trigger: 'recurring' | 'one-time' | null;
  /** Base and node. Both may have dashes, so the border is only known behind a base of K3s's own. */
  readonly stem: string;
  /** Null where the border is not known. */
  readonly node: string | null;
  /** The save that writes it is under way, or was killed. */
  readonly unfinished: boolean;
}

/** Reads a file's name; undefined when it is not of that form. */
export function parseK3sName(fileName: string): K3sName | undefined {
  const whole = fileName.replace(/\.part$/, '');
  const { form, at, base, node, recurring } = parseSnapshotName(whole);
  if (form !== 'k3s' || at === undefined || base === undefined || node === undefined) return undefined;
  const own = recurring !== undefined;
  return {
    takenAt: at,
    trigger: own ? (recurring ? 'recurring' : 'one-time') : null,
    stem: `${base}-${node}`,
    node: own ? node : null,
    unfinished: whole !== fileName,
  };
}

/** The node in a name; the longest of those known otherwise where only they tell the border. */
export function nodeIn({ node, stem }: K3sName, known: ReadonlySet<string>): string | null {
  if (node !== null) return node;
  const ends = [...known].filter((each) => stem.endsWith(`-${each}`));
  return ends.toSorted((a, b) => b.length - a.length)[0] ?? null;
}
