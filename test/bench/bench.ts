import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdMinor } from '@holdfast/test-servers';
import { benchDatabase } from './database.ts';
import { type Duel, fight, type Outcome } from './duel.ts';
import { objectDuels } from './object-duels.ts';
import { holdfastBin, restoreDuel, saveDuel, verifyDuel, verifyFullyDuel } from './duels.ts';

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

/** Every duel on one version of etcd and one size, in one run. Returns the outcomes in the order of a snapshot's life. */
export async function bench(options: BenchOptions): Promise<Outcome[]> {
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
    for (const tls of [false, true]) {
      await using cluster = await database.serve(tls);
      const endpoint = cluster.endpoints[0]!;
      if (!tls) {
        const save = ['snapshot', 'save', '-q', '--no-verify', '--name', 'bench', '--repo', repo];
        execFileSync(process.execPath, [holdfastBin, ...save, '--endpoints', endpoint]);
      }
      await hold(await saveDuel(cluster, version, folder));
    }
    await hold(await verifyDuel(database, repo, 'bench', version));
    await hold(await verifyFullyDuel(database, repo, 'bench', version));
    await hold(await restoreDuel(database, folder, version));
    for (const duel of await objectDuels(database, folder)) await hold(duel);
    return outcomes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
