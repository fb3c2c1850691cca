/** What a cluster's recovery rests on, as far as it was seen. Undefined: it was not looked at. */
export interface ReadinessFacts {
  /** Whether a verified snapshot is there that is as young as promised, or a day old at most where nothing is. */
  readonly fresh: boolean | undefined;
  /** Whether some repository would outlive this machine. */
  readonly elsewhere: boolean | undefined;
  readonly sealed: boolean | undefined;
  readonly signed: boolean | undefined;
  /** Whether the newest verified snapshot has the companions that a restore needs. */
  readonly companions: boolean | undefined;
  /** Whether a restore was tried within 30 days, and passed. */
  readonly drilled: boolean | undefined;
  /** Whether a policy saves by itself, and is not paused. */
  readonly scheduled: boolean | undefined;
}

/** One of the things that make a cluster ready to be recovered. */
interface ReadinessItem {
  readonly item: keyof ReadinessFacts;
  readonly points: number;
  readonly outcome: 'met' | 'not met' | 'unknown';
  /** What is to be had, and what to do for it. */
  readonly what: string;
  readonly next: string;
}

/** Of 100: what is not known counts as not met, for nobody can rely on it. */
export interface Readiness {
  readonly score: number;
  readonly items: readonly ReadinessItem[];
}

type Row = Pick<ReadinessItem, 'points' | 'what' | 'next'>;

/** Weighed by what is lost without it: no proof and no copy elsewhere mean that there may be no recovery at all. */
const rows: Record<keyof ReadinessFacts, Row> = {
  fresh: { points: 30, what: 'a verified snapshot that is young enough', next: 'holdfast snapshot save' },
  elsewhere: {
    points: 20,
    what: 'a copy that outlives this machine',
    next: 'holdfast policy set NAME --repo …,s3://bucket/folder',
  },
  drilled: { points: 15, what: 'a restore that was tried within 30 days', next: 'holdfast drill run' },
  scheduled: {
    points: 15,
    what: 'a policy that saves by itself',
    next: 'holdfast policy set NAME --preset production',
  },
  companions: {
    points: 10,
    what: 'the keys and certificates that a restore needs, kept with the snapshot',
    next: 'holdfast snapshot save --companions auto, into a sealed repository',
  },
  sealed: { points: 5, what: 'Secrets that only key holders can read', next: 'holdfast repo keys add' },
  signed: { points: 5, what: 'snapshots that nobody else can forge', next: 'holdfast repo keys add' },
};

/** How ready a cluster is to be recovered. */
export function readinessOf(facts: ReadinessFacts): Readiness {
  const items = Object.entries(rows).map(([name, row]): ReadinessItem => {
    const item = name as keyof ReadinessFacts;
    const met = facts[item];
    return { item, ...row, outcome: met === undefined ? 'unknown' : met ? 'met' : 'not met' };
  });
  const score = items.reduce((sum, { points, outcome }) => sum + (outcome === 'met' ? points : 0), 0);
  return { score, items };
}
