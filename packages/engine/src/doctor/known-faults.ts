/** A fault of etcd's that can cost data, and the releases that have it. */
export interface KnownFault {
  /** What can happen, as a sentence. */
  readonly what: string;
  /** The first release without it, and the issue that tells more. */
  readonly fixedIn: string;
  readonly issue: string;
}

interface Row extends KnownFault {
  /** From this release on; of the lines before it none is judged. */
  readonly since: string;
  /** Only where the cluster has so many members. */
  readonly members?: number;
  /** Whether data is in danger today, and not only at the next upgrade. */
  readonly grave: boolean;
}

/**
 * As etcd's change logs and its announcement of 3.6 tell them; `issue` is a number of etcd-io/etcd. Ranges are of one
 * release line, since each line is mended by itself.
 */
const rows: readonly Row[] = [
  {
    since: '3.4.0',
    fixedIn: '3.4.4',
    issue: '11613',
    what: 'a defragmentation can corrupt the database',
    grave: true,
  },
  {
    since: '3.4.0',
    fixedIn: '3.4.21',
    issue: '14370',
    members: 1,
    what: 'a single member can lose writes that it has acknowledged when it crashes',
    grave: true,
  },
  {
    since: '3.5.0',
    fixedIn: '3.5.3',
    issue: '13766',
    what: 'a member that is killed under load can come back without transactions that the others have',
    grave: true,
  },
  {
    since: '3.5.0',
    fixedIn: '3.5.5',
    issue: '14370',
    members: 1,
    what: 'a single member can lose writes that it has acknowledged when it crashes',
    grave: true,
  },
  {
    since: '3.5.0',
    fixedIn: '3.5.6',
    issue: '14685',
    what: 'a member that crashes in a defragmentation can apply entries twice, and its revisions differ from then on',
    grave: true,
  },
  {
    since: '3.5.1',
    fixedIn: '3.5.20',
    issue: '19557',
    what: 'the promotion of a learner is not kept in the database, so that an upgrade to 3.6 can fail',
    grave: false,
  },
];

/** What a member of this version has to fear, of what is mended in a later release of its line. */
export function knownFaults(version: string, members: number): (KnownFault & { readonly grave: boolean })[] {
  const own = partsOf(version);
  if (own === undefined) return [];
  return rows.filter(
    (row) =>
      isBefore(own, partsOf(row.fixedIn)!) &&
      !isBefore(own, partsOf(row.since)!) &&
      (row.members === undefined || row.members === members),
  );
}

type Parts = readonly [major: number, minor: number, patch: number];

function partsOf(version: string): Parts | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function isBefore(a: Parts, b: Parts): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}
