import { createHash } from 'node:crypto';
import { chainHeads, checkChain, type ChainFinding, type FoundManifest } from '@holdfast/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeRecord } from '../record.ts';
import { foundManifest } from './found-manifest.ts';
import { openManifest, signManifest } from './envelope.ts';
import { SigningKey } from './signing-key.ts';

/* Chains of manifests that are really signed, tampered with byte by byte as whoever may write to a repository can. */

const [writer, second, stranger] = [SigningKey.generate(), SigningKey.generate(), SigningKey.generate()];
const keys = [writer.publicKey, second.publicKey];
const [cluster, another] = ['3f0c7a52-1d4e-8a6b-9c01-5e2d7f8a9b10', '7be4c0de-52a1-8f3c-a8d9-0c1b2a3d4e5f'];

/** The stored manifests by their folders. */
type Stored = ReadonlyMap<string, Buffer>;

/** A chain of that many; every manifest with these signatures. */
function chainOf(clusterId: string, count: number, signers: SigningKey[], claims: SigningKey | null): Stored {
  const stored = new Map<string, Buffer>();
  let previous: { sha256: string; name: string } | null = null;
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const name = `nightly-${sequence}`;
    const lineage = { writer: claims?.publicKey.keyid ?? null, sequence, previous };
    const bytes = signManifest(encodeRecord({ name, cluster: { id: clusterId }, lineage }), signers);
    stored.set(name, bytes);
    previous = { sha256: createHash('sha256').update(bytes).digest('hex'), name };
  }
  return stored;
}

function foundIn(stored: Stored): FoundManifest[] {
  return [...stored].flatMap(([folder, bytes]) => foundManifest(folder, bytes, keys) ?? []);
}

/** The findings of who has seen a chain to its end. */
function check(stored: Stored, heads = seen): string[] {
  return told(checkChain(cluster, foundIn(stored), { removed: [], heads }));
}

const told = (findings: ChainFinding[]): string[] =>
  findings.map(({ fault, names }) => `${fault} ${names.join(' ')}`);
const put = (stored: Stored, name: string, bytes: Buffer): Stored => new Map([...stored, [name, bytes]]);

const chain = chainOf(cluster, 4, [writer, second], writer);
const name = fc.constantFrom(...chain.keys());
const newest = 'nightly-4';
const seen = chainHeads(cluster, foundIn(chain));
const loss = (of: string): string => (of === newest ? 'rolled-back ' : `missing ${of}`);

it('finds nothing in a chain that is as it was written', () => {
  expect(check(chain)).toEqual([]);
  expect(seen).toHaveLength(1);
  const unsigned = chainOf(cluster, 3, [], null);
  expect(check(unsigned, chainHeads(cluster, foundIn(unsigned)))).toEqual([]);
  expect(foundIn(unsigned)).toHaveLength(3);
});

it('finds any bit that is altered', () => {
  fc.assert(
    fc.property(name, fc.nat(), fc.nat({ max: 7 }), (of, at, bit) => {
      const altered = Buffer.from(chain.get(of)!);
      const byte = at % altered.length;
      altered[byte] = (altered[byte] ?? 0) ^ (1 << bit);
      const findings = check(put(chain, of, altered));
      // A second signature may be spoilt while the writer's still fits: the bytes are others all the same.
      expect(findings[0]).toBe(`changed ${of}`);
      expect(findings.slice(1)).toSatisfy((rest: string[]) => rest.every((each) => each === 'rolled-back '));
    }),
  );
});

it('finds one that is gone, lies under another name, or came from another cluster of the same writer', () => {
  const elsewhere = chainOf(another, 4, [writer, second], writer);
  fc.assert(
    fc.property(name, name, (of, onto) => {
      const without = new Map([...chain].filter(([each]) => each !== of));
      expect(check(without)).toEqual([loss(of)]);
      expect(check(put(chain, of, elsewhere.get(onto)!))).toEqual([`foreign ${of}`, loss(of)]);
      if (of === onto) return;
      expect(check(put(chain, onto, chain.get(of)!))).toEqual([
        `swapped ${onto}`,
        `replayed ${[of, onto].sort().join(' ')}`,
        loss(onto),
      ]);
      const swapped = put(put(chain, of, chain.get(onto)!), onto, chain.get(of)!);
      expect(check(swapped)).toEqual([of, onto].sort().map((each) => `swapped ${each}`));
    }),
  );
});

it('finds a signature that was taken away, also where another one still fits', () => {
  for (const [of, bytes] of chain) {
    const { payload } = openManifest(bytes, of);
    for (const left of [[writer], [second], []]) {
      const findings = check(put(chain, of, signManifest(payload, left)));
      expect(findings[0]).toBe(`changed ${of}`);
    }
  }
});

it('counts a manifest of a stranger for nothing: what it took the place of is missing', () => {
  const forged = chainOf(cluster, 4, [stranger], stranger);
  for (const of of chain.keys()) expect(check(put(chain, of, forged.get(of)!))).toEqual([loss(of)]);
  const claimed = chainOf(cluster, 4, [stranger], writer);
  for (const of of chain.keys()) expect(check(put(chain, of, claimed.get(of)!))[0]).toBe(`changed ${of}`);
});

it('finds a manifest that is no longer signed, or that has nothing of a chain', () => {
  const bare = signManifest(encodeRecord({ name: 'nightly-2', cluster: { id: cluster } }), [writer]);
  expect(check(put(chain, 'nightly-2', bare))).toEqual(['changed nightly-2']);
  const unsigned = chainOf(cluster, 4, [], null);
  expect(check(put(chain, 'nightly-2', unsigned.get('nightly-2')!))).toContain('missing nightly-2');
});
