import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemberSight } from './restore-plan.ts';
import { commonCluster, survivorsOf, type SightedMember } from './survivors.ts';
import { triage, type Triage } from './triage.ts';
import { unseen } from './unseen.ts';

interface Golden {
  /** Why the answer is right. */
  readonly reason: string;
  readonly members: Record<string, Partial<MemberSight>>;
  readonly snapshot: { readonly name: string; readonly revision: number } | null;
  readonly triage: Triage;
}

const folder = new URL('golden/triage/', import.meta.url);

describe('a cluster that is found so is judged so:', () => {
  test.each(readdirSync(folder))('%s', (file) => {
    const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    const members = Object.entries(golden.members).map(([name, seen]) => ({
      name,
      sight: MemberSight.parse({ ...unseen(), ...seen }),
    }));
    expect(golden.reason).not.toBe('');
    expect(triage({ members, snapshot: golden.snapshot })).toEqual(golden.triage);
  });
});

const ids = fc.constantFrom('a1', 'a1', 'a1', 'b2', null);
const index = fc.option(fc.nat({ max: 4 }));
/** Any sight that the world can give: who is in a quorum answers, who answers runs, who reads has figures. */
const sight = fc
  .record({
    state: fc.constantFrom('quorum', 'answers', 'runs', 'stopped', 'out of reach'),
    data: fc.constantFrom('readable', 'readable', 'damaged', 'absent', 'unknown'),
    revision: index,
    appliedIndex: index,
    committedIndex: index,
    lastIndex: index,
    term: index,
    clusterId: ids,
  })
  .map(({ state, ...seen }): MemberSight => ({
    ...unseen(),
    ...(seen as Partial<MemberSight>),
    running: state === 'out of reach' ? null : state !== 'stopped',
    answers: state === 'quorum' || state === 'answers',
    inQuorum: state === 'quorum',
    ...(state === 'quorum' && { clusterId: seen.clusterId ?? 'a1' }),
    ...(state === 'out of reach' && { data: 'unknown' }),
  }));
const cluster = fc
  .array(sight, { minLength: 1, maxLength: 5 })
  .map((sights): SightedMember[] => sights.map((each, i) => ({ name: `m${i + 1}`, sight: each })));
/** The members of a cluster, stopped with their data or lost with it. */
const voters = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }).map((kept) =>
  kept.map((has, i) => ({
    name: `m${i + 1}`,
    running: false,
    data: has ? ('readable' as const) : ('absent' as const),
  })),
);
const snapshot = fc.option(fc.record({ name: fc.constant('nightly'), revision: fc.nat({ max: 4 }) }));

const ranks: readonly Triage['verdict'][] = [
  'nothing',
  'all-lost',
  'majority-lost',
  'stopped',
  'minority-lost',
  'healthy',
];

describe('whatever is found,', () => {
  test('there is one verdict that its ways fit', () => {
    fc.assert(
      fc.property(cluster, snapshot, (members, stored) => {
        const { verdict, ways } = triage({ members, snapshot: stored });
        const offered = ways.map(({ way }) => way);
        expect(new Set(offered).size).toBe(offered.length);
        expect(offered.includes('snapshot')).toBe(stored !== null);
        expect(offered.includes('replace')).toBe(verdict === 'minority-lost');
        if (verdict === 'nothing') expect(ways).toEqual([]);
        else if (verdict !== 'healthy' || stored !== null) expect(ways[0]?.recommended).toBe(true);
        // Going back in time is never advised where a quorum is there or can be had.
        const back = ways.find(({ way }) => way === 'snapshot');
        if (ranks.indexOf(verdict) >= ranks.indexOf('stopped'))
          expect(back?.recommended ?? false).toBe(false);
      }),
    );
  });

  test('a cluster with a quorum of its own is never restored, one without never replaced from', () => {
    fc.assert(
      fc.property(cluster, snapshot, (members, stored) => {
        const inQuorum = members.filter((each) => each.sight.inQuorum);
        const clusters = new Set(inQuorum.map((each) => each.sight.clusterId));
        const { verdict } = triage({ members, snapshot: stored });
        if (clusters.size === 1) expect(['healthy', 'minority-lost']).toContain(verdict);
        if (clusters.size === 0) expect(['healthy', 'minority-lost']).not.toContain(verdict);
        expect(verdict === 'healthy').toBe(clusters.size === 1 && inQuorum.length === members.length);
      }),
    );
  });

  test('members are started, replaced and salvaged only where that can be', () => {
    fc.assert(
      fc.property(cluster, snapshot, (members, stored) => {
        for (const { way, members: names } of triage({ members, snapshot: stored }).ways) {
          const sights = members.filter(({ name }) => names.includes(name)).map((each) => each.sight);
          expect(sights).toHaveLength(names.length);
          if (way === 'start')
            expect(sights.every((each) => each.running === true || each.data === 'readable')).toBe(true);
          if (way === 'salvage') expect(sights.map((each) => each.data)).toEqual(['readable']);
          if (way === 'objects' || way === 'snapshot') expect(names).toEqual([]);
          else expect(names).not.toEqual([]);
        }
      }),
    );
  });

  test('no survivor of its cluster is ahead of the chosen one by the end of the log', () => {
    fc.assert(
      fc.property(cluster, (members) => {
        const common = commonCluster(members);
        const [best, ...others] = survivorsOf(members);
        for (const other of others) {
          if (other.sight.clusterId !== common || best?.sight.clusterId !== common) continue;
          const order = (['term', 'lastIndex', 'appliedIndex'] as const).map(
            (key) => (best.sight[key] ?? -1) - (other.sight[key] ?? -1),
          );
          expect(order.find((each) => each !== 0) ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('who is described and not of the cluster yet does not change the verdict, nor who is left out and lost', () => {
    fc.assert(
      fc.property(voters, fc.nat({ max: 3 }), (old, added) => {
        const listed = old.map(({ name }, i) => ({ id: `${i + 1}`, name, peerUrls: [], isLearner: false }));
        const members = old.map(({ name, running, data }, i) => {
          const own = { clusterId: 'a1', memberId: `${i + 1}`, listed, revision: 7, term: 2, lastIndex: 9 };
          return { name, sight: { ...unseen(), running, data, ...(data === 'readable' && own) } };
        });
        const lost = { ...unseen(), running: false, data: 'absent' as const };
        const fresh = Array.from({ length: added }, (_, i) => ({ name: `n${i}`, sight: lost }));
        const found = members.filter(({ sight }) => sight.data === 'readable');
        const able = found.length > old.length / 2;
        const expected = able ? 'stopped' : found.length > 0 ? 'majority-lost' : 'nothing';
        const described = [
          [...members, ...fresh],
          ...(found.length > 0 ? [found, [...found, ...fresh]] : []),
        ];
        for (const each of described) {
          expect(triage({ members: each, snapshot: null }).verdict).toBe(expected);
        }
      }),
    );
  });

  test('the order of the members does not matter', () => {
    fc.assert(
      fc.property(cluster, snapshot, (members, stored) => {
        const [one, other] = [members, members.toReversed()].map((each) =>
          triage({ members: each, snapshot: stored }),
        );
        expect(one?.verdict).toBe(other?.verdict);
        expect(one?.ways.map(({ way, recommended }) => [way, recommended])).toEqual(
          other?.ways.map(({ way, recommended }) => [way, recommended]),
        );
      }),
    );
  });

  test('losing the data of a stopped member never makes it look better', () => {
    fc.assert(
      fc.property(cluster, snapshot, fc.nat({ max: 4 }), (members, stored, at) => {
        const lost = members.map((each, i) =>
          i === at && each.sight.running === false
            ? { ...each, sight: { ...unseen(), running: false, data: 'absent' as const } }
            : each,
        );
        const [before, after] = [members, lost].map((each) =>
          ranks.indexOf(triage({ members: each, snapshot: stored }).verdict),
        );
        // A stranger's data in the way can hide that the others are of one cluster.
        const one = new Set(members.flatMap(({ sight: { clusterId } }) => clusterId ?? [])).size <= 1;
        if (one) expect(after).toBeLessThanOrEqual(before ?? 0);
      }),
    );
  });
});
