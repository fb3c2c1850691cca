import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { restoreDatadir, saveSnapshot, type VerbContext } from '@holdfast/engine';
import { connectEtcd } from '@holdfast/etcd/client';
import type { HashKv } from '@holdfast/model';
import { openRepository } from '@holdfast/repository';
import {
  type EtcdCluster,
  etcdMinors,
  inTurn,
  planCluster,
  startCluster,
  startPlanned,
} from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { historyOf, printHistory } from './history.ts';
import type { Model } from './model.ts';
import { play } from './play.ts';

/**
 * `HOLDFAST_SEED=n` replays one seed; `HOLDFAST_SEEDS=10000` tries so many. Each seed is a random history on a fresh
 * etcd (the version follows from the seed), saved, verified, restored and compared with a model that knows no bytes.
 */
const only = process.env['HOLDFAST_SEED'];
const count = Number(process.env['HOLDFAST_SEEDS'] ?? 300);
const all = Array.from({ length: count }, (_, i) => i + 1);
const seeds = only === undefined ? inTurn(all, 3) : [Number(only)];
/** How many seeds run at once; each has up to one etcd running. */
const lanes = 3;

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: 'test' };

test(
  `${seeds.length} random histories: what is restored equals the model, and HashKV is equal`,
  async () => {
    const waiting = seeds.values();
    await Promise.all(
      Array.from({ length: Math.min(lanes, seeds.length) }, async () => {
        for (const seed of waiting) {
          try {
            await trySeed(seed);
          } catch (error) {
            const replay = `HOLDFAST_SEED=${seed} npm test -- test/e2e/properties`;
            throw new Error(`seed ${seed} fails; replay with: ${replay}\n${printHistory(historyOf(seed))}`, {
              cause: error,
            });
          }
        }
      }),
    );
  },
  6 * 3_600_000,
);

async function trySeed(seed: number): Promise<void> {
  const version = etcdMinors[seed % etcdMinors.length]!;
  const bump = seed % 8 < 4;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-seed-'));
  try {
    const { model, saved } = await saveHistory(seed, version, folder);
    expect(saved.state).toBe('verified');
    const plan = await planCluster({ version, dir: join(folder, 'restored') });
    const { dataDir, name, peerUrl } = plan.members[0]!;
    await restoreDatadir(context, {
      source: { file: saved.file },
      dataDir,
      name,
      initialCluster: plan.initialCluster,
      peerUrls: [peerUrl],
      token: plan.token,
      ...(bump ? {} : { bump: null }),
    });
    await using restored = await startPlanned(plan, { restored: true });
    await expectEqual(restored, model);
    if (!bump && saved.hashKv !== null) {
      // Asked for where it stands: at a compacted revision 3.4 refuses any other way of asking.
      const { hash, compactRevision } = await restored.gateway().hashKv();
      expect(hash).toBe(saved.hashKv.hash);
      expect(compactRevision).toBe(saved.hashKv.compactRevision);
    }
    const { revision } = await restored.gateway().put('after', 'writes go on');
    // Revision 1 is where an untouched store begins; it is in no file, so a bump starts from 0 there, as etcdutl's does.
    const latest = bump && model.revision === 1 ? 0 : model.revision;
    expect(revision).toBe(latest + (bump ? 1_000_000_000 : 0) + 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface SavedHistory {
  readonly state: string;
  readonly file: string;
  readonly hashKv: HashKv | null;
}

async function saveHistory(
  seed: number,
  version: (typeof etcdMinors)[number],
  folder: string,
): Promise<{ model: Model; saved: SavedHistory }> {
  await using cluster = await startCluster({ version, dir: join(folder, 'original') });
  const model = await play(cluster.gateway(), historyOf(seed));
  await expectEqual(cluster, model);
  await using client = connectEtcd({ endpoints: [...cluster.endpoints], clock: systemClock });
  const repository = await openRepository(join(folder, 'repository'), { create: true, clock: systemClock });
  const { snapshot } = await saveSnapshot(context, {
    client,
    destinations: [{ name: 'here', repository, required: true }],
  });
  return { model, saved: { state: snapshot.state, file: snapshot.path, hashKv: snapshot.manifest.hashKv } };
}

/** Every key with value, revisions, version and lease; and the leases. */
async function expectEqual(cluster: EtcdCluster, model: Model): Promise<void> {
  const { keyValues } = await cluster.gateway().rangeAll();
  const shown = keyValues.map(({ key, ...rest }) => [key.toString(), rest]);
  const expected = [...model.keys].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(shown).toEqual(expected);
  const leases = await cluster.gateway().leases();
  expect(new Set(leases)).toEqual(model.leases);
}
