import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChainFinding, ChainHead, FoundManifest, RemovedManifest } from './chain-finding.ts';
import { chainHeads, checkChain } from './check-chain.ts';
import { Lineage } from './lineage.ts';

interface Golden {
  /** Why the findings are right. */
  readonly reason: string;
  readonly found: readonly FoundManifest[];
  readonly removed: readonly RemovedManifest[];
  readonly heads: readonly ChainHead[];
  readonly findings: readonly ChainFinding[];
}

const folder = new URL('golden/chain/', import.meta.url);
const cluster = 'c1';

describe('a chain is judged as the golden file says:', () => {
  test.each(readdirSync(folder))('%s', (file) => {
    const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    expect(golden.reason).not.toBe('');
    const { found, removed, heads, findings } = golden;
    expect(checkChain(cluster, found, { removed, heads })).toEqual(findings);
    expect(checkChain(cluster, found.toReversed(), { removed, heads })).toEqual(findings);
  });
});

type Said = FoundManifest & { readonly says: NonNullable<FoundManifest['says']> };

/** The chain of one writer, of which some have been removed. */
function chainOf(
  writer: string | null,
  kept: readonly boolean[],
): { found: Said[]; removed: RemovedManifest[] } {
  const all = kept.map((_, i): Said => {
    const named = (n: number) => ({ sha256: `sha-${writer}-${n}`, name: `${writer}-${n}` });
    const { sha256, name } = named(i + 1);
    const previous = i === 0 ? null : named(i);
    return { folder: name, sha256, says: { name, cluster, writer, sequence: i + 1, previous } };
  });
  const removed = all.filter((_, i) => kept[i] === false);
  return {
    found: all.filter((_, i) => kept[i] === true),
    removed: removed.map(({ sha256, says: { writer, sequence, previous } }) => ({
      writer,
      sequence,
      sha256,
      previous,
    })),
  };
}

const kept = (minLength: number) => fc.array(fc.constantFrom(true, true, false), { minLength, maxLength: 6 });
/** Valid chains of two writers, and what somebody saw of them before anything was removed or tampered with. */
const chains = fc
  .record({ one: kept(2), other: kept(0), writer: fc.constantFrom('v', null) })
  .map(({ one, other, writer }) => {
    const [a, b] = [chainOf('w', one), chainOf(writer, other)];
    const whole = [
      ...chainOf(
        'w',
        one.map(() => true),
      ).found,
      ...chainOf(
        writer,
        other.map(() => true),
      ).found,
    ];
    return {
      found: [...a.found, ...b.found],
      removed: [...a.removed, ...b.removed],
      heads: chainHeads(cluster, whole),
      size: whole.length,
    };
  })
  .filter(({ found }) => found.length >= 2);
type Chains = typeof chains extends fc.Arbitrary<infer T> ? T : never;

/** What one tampering leaves, and what it must be found as: faults with the folder they are about. */
interface Tampered {
  readonly found: readonly FoundManifest[];
  readonly faults: readonly string[];
}

/** How the loss of one shows: from its successor, or only from the head that somebody has kept. */
function lossOf({ found, removed }: Chains, { says }: Said): 'successor' | 'head' {
  const links = [...found.map((each) => each.says), ...removed];
  return links.some((each) => each.writer === says.writer && each.sequence === says.sequence + 1)
    ? 'successor'
    : 'head';
}

const tamperings: Record<string, (chains: Chains, one: Said, other: Said) => Tampered> = {
  dropped: (chains, one) => ({
    found: chains.found.filter((each) => each !== one),
    faults: lossOf(chains, one) === 'head' ? ['rolled-back '] : [`missing ${one.folder}`],
  }),
  'copied over another': (chains, one, other) => ({
    found: chains.found.map((each) => (each === other ? { ...one, folder: other.folder } : each)),
    faults: [
      `swapped ${other.folder}`,
      `replayed ${[one.folder, other.folder].sort().join(' ')}`,
      lossOf(chains, other) === 'head' ? 'rolled-back ' : `missing ${other.folder}`,
    ],
  }),
  'copied to a new name': (chains, one) => ({
    found: [...chains.found, { ...one, folder: 'new' }],
    faults: ['swapped new', `replayed ${['new', one.folder].sort().join(' ')}`],
  }),
  swapped: (chains, one, other) => ({
    found: chains.found.map((each) =>
      each === one
        ? { ...one, folder: other.folder }
        : each === other
          ? { ...other, folder: one.folder }
          : each,
    ),
    faults: [`swapped ${one.folder}`, `swapped ${other.folder}`],
  }),
  'replaced by one of another cluster': (chains, one) => ({
    found: chains.found.map((each) =>
      each === one ? { ...one, sha256: 'foreign', says: { ...one.says, cluster: 'c2' } } : each,
    ),
    faults: [
      `foreign ${one.folder}`,
      lossOf(chains, one) === 'head' ? 'rolled-back ' : `missing ${one.folder}`,
    ],
  }),
  'altered by a byte': (chains, one) => ({
    found: chains.found.map((each) => (each === one ? { ...one, sha256: 'altered', says: null } : each)),
    faults: [`changed ${one.folder}`, ...(lossOf(chains, one) === 'head' ? ['rolled-back '] : [])],
  }),
  'deprived of a second signature': (chains, one) => ({
    found: chains.found.map((each) => (each === one ? { ...one, sha256: 'stripped' } : each)),
    faults: [`changed ${one.folder}`],
  }),
  'given a brother by who has the key': (chains, one) => ({
    found: [...chains.found, { folder: 'new', sha256: 'new', says: { ...one.says, name: 'new' } }],
    faults: [`forked ${['new', one.folder].sort().join(' ')}`],
  }),
};

const told = (findings: readonly ChainFinding[]) =>
  findings.map(({ fault, names }) => `${fault} ${names.join(' ')}`);
const pair = fc.tuple(fc.nat(), fc.nat());

describe('of any chains', () => {
  test('nothing is found where nothing was tampered with, by who has seen them and who has not', () => {
    fc.assert(
      fc.property(chains, ({ found, removed, heads }) => {
        expect(checkChain(cluster, found, { removed, heads })).toEqual([]);
        expect(checkChain(cluster, found, { removed, heads: [] })).toEqual([]);
      }),
    );
  });

  test.each(Object.entries(tamperings))(
    'one manifest that is %s is found, with the right reason',
    (_, tamper) => {
      fc.assert(
        fc.property(chains, pair, (chains, [i, j]) => {
          const { found, removed, heads } = chains;
          const at = i % found.length;
          const one = found[at]!;
          const other = found[(at + 1 + (j % (found.length - 1))) % found.length]!;
          const tampered = tamper(chains, one, other);
          const findings = told(checkChain(cluster, tampered.found, { removed, heads }));
          expect(findings.toSorted()).toEqual(tampered.faults.toSorted());
          // Without a head only what lies at the end of a chain goes unseen, and nothing else is found instead.
          const unseen = told(checkChain(cluster, tampered.found, { removed, heads: [] }));
          const atEnd =
            lossOf(chains, one) === 'head' && tamper === tamperings['deprived of a second signature'];
          expect(unseen.toSorted()).toEqual(
            tampered.faults.filter((each) => each !== 'rolled-back ' && !atEnd).toSorted(),
          );
        }),
      );
    },
  );

  test('an older set of them, whole in itself, is noticed by who has seen the newer one, and by nobody else', () => {
    fc.assert(
      fc.property(kept(2), fc.nat(), (all, cut) => {
        const { found, removed } = chainOf(
          'w',
          all.map(() => true),
        );
        const older = found.slice(0, cut % all.length);
        const heads = chainHeads(cluster, found);
        expect(told(checkChain(cluster, older, { removed, heads: [] }))).toEqual([]);
        expect(told(checkChain(cluster, older, { removed, heads }))).toEqual(['rolled-back ']);
      }),
    );
  });
});

test('the head of a chain is its newest manifest, once for each writer, without those of other clusters', () => {
  const { found } = chainOf('w', [true, true, true]);
  const foreign = { ...found[2]!, sha256: 'f', says: { ...found[2]!.says, cluster: 'c2', sequence: 9 } };
  const copy = { ...found[2]!, folder: 'copy' };
  expect(chainHeads(cluster, [foreign, copy, ...found, ...chainOf(null, [true]).found])).toEqual([
    { writer: 'w', sequence: 3, sha256: 'sha-w-3' },
    { writer: null, sequence: 1, sha256: 'sha-null-1' },
  ]);
});

test('a lineage has a predecessor exactly when it is not the first', () => {
  const previous = { sha256: 'a'.repeat(64), name: 'nightly-1' };
  const writer = `SHA256:${'A'.repeat(43)}`;
  expect(Lineage.parse({ writer, sequence: 1, previous: null })).toEqual({
    writer,
    sequence: 1,
    previous: null,
  });
  expect(Lineage.safeParse({ writer: null, sequence: 2, previous }).success).toBe(true);
  expect(Lineage.safeParse({ writer, sequence: 2, previous: null }).success).toBe(false);
  expect(Lineage.safeParse({ writer, sequence: 1, previous }).success).toBe(false);
  expect(Lineage.safeParse({ writer, sequence: 0, previous: null }).success).toBe(false);
  expect(Lineage.safeParse({ writer, sequence: 2, previous: { ...previous, name: '../x' } }).success).toBe(
    false,
  );
});
