import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdMinor } from '@holdfast/test-servers';
import { benchDatabase } from './database.ts';
import { type Duel, fight, type Outcome } from './duel.ts';
import { objectDuels } from './object-duels.ts';
import { restoreDuel, saveDuel, verifyDuel, verifyFullyDuel } from './duels.ts';
import { holdfast } from './ours.ts';
import {
  keptInBucket,
  sealedRestoreDuel,
  sealedS3SaveDuel,
  sealedSaveDuel,
  storeInBucket,
} from './sealed-duels.ts';
import { sealedTools } from './sealed-tools.ts';
import { type StoredBytes, storedBytes } from './stored-bytes.ts';

export interface BenchOptions {
  readonly version: EtcdMinor;
  readonly megabytes: number;
  /** Counted pairs of each duel. */
  readonly runs: number;
  /** Of rest before each run. */
  readonly restMs: number;
  /** Only the duels whose names contain this. */
  readonly only?: string;
  readonly tell: (line: string) => void;
  readonly told: (outcome: Outcome) => void;
}

/** What came of all. */
export interface Benchmark {
  /** In the order of a snapshot's life. */
  readonly outcomes: readonly Outcome[];
  /** None where `only` leaves them out. */
  readonly stored: readonly StoredBytes[];
}

/** What `only` may name besides duels: the sizes of what is stored. */
export const sizes = 'stored bytes';

/** Every duel on one version of etcd and one size, in one run. */
export async function bench(options: BenchOptions): Promise<Benchmark> {
  const { version, megabytes, runs, only = '', tell, told } = options;
  const database = await benchDatabase(version, megabytes, tell);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const outcomes: Outcome[] = [];
  const hold = async (duel: Duel): Promise<void> => {
    if (!duel.what.includes(only)) return;
    const outcome = await fight(duel, runs, options.restMs);
    outcomes.push(outcome);
    told(outcome);
  };
  const repo = join(folder, 'kept');
  try {
    await using tools = await sealedTools(version, folder);
    const restore = sealedRestoreDuel(tools, folder);
    for (const tls of [false, true]) {
      await using cluster = await database.serve(tls);
      if (!tls) {
        const save = ['snapshot', 'save', '-q', '--no-verify', '--name', 'bench', '--repo', repo];
        await holdfast([...save, '--endpoints', cluster.endpoints[0]!]);
      }
      await hold(await saveDuel(cluster, version, folder));
      if (!tls) continue;
      await hold(sealedSaveDuel(cluster, tools, folder));
      await hold(sealedS3SaveDuel(cluster, tools, folder));
      const isNeeded = [restore.what, sizes].some((what) => what.includes(only));
      if (isNeeded) await storeInBucket(cluster, database, tools, folder);
    }
    await hold(await verifyDuel(database, repo, 'bench', version));
    await hold(await verifyFullyDuel(database, repo, 'bench', version));
    await hold(await restoreDuel(database, folder, version));
    await hold(restore);
    for (const duel of await objectDuels(database, folder)) await hold(duel);
    const stored = sizes.includes(only) ? await storedBytes(database.snapshot, tools, keptInBucket) : [];
    return { outcomes, stored };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
