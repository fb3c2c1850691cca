import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBytes } from '@holdfast/base';
import { type EtcdMinor, isEtcdMinor } from '@holdfast/test-servers';
import { benchDatabase } from './database.ts';
import { fight, type Outcome } from './duel.ts';
import { restoreDuel, saveDuel, verifyDuel } from './duels.ts';

const bin = join(import.meta.dirname, '../../packages/cli/bin/holdfast.js');

/** Every duel on one version of etcd and one size, in one run. Returns the outcomes in the order of a snapshot's life. */
export async function bench(options: {
  version: EtcdMinor;
  megabytes: number;
  runs: number;
  only: string | undefined;
  tell: (line: string) => void;
}): Promise<Outcome[]> {
  const { version, megabytes, runs, tell } = options;
  const database = await benchDatabase(version, megabytes, tell);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const outcomes: Outcome[] = [];
  const wanted = (what: string): boolean => options.only === undefined || what.startsWith(options.only);
  try {
    for (const tls of [false, true]) {
      if (!wanted('save') && !(wanted('verify') && !tls)) continue;
      await using cluster = await database.serve(tls);
      if (wanted('save'))
        outcomes.push(await told(await fight(await saveDuel(cluster, version, folder), runs), tell));
      if (tls) continue;
      const repo = join(folder, 'kept');
      execFileSync(process.execPath, [
        bin,
        'snapshot',
        'save',
        '--no-verify',
        '--name',
        'bench',
        '--endpoints',
        cluster.endpoints[0]!,
        '--repo',
        repo,
      ]);
    }
    if (wanted('verify')) {
      outcomes.push(
        await told(
          await fight(await verifyDuel(database, join(folder, 'kept'), 'bench', version), runs),
          tell,
        ),
      );
    }
    if (wanted('restore'))
      outcomes.push(await told(await fight(await restoreDuel(database, folder, version), runs), tell));
    return outcomes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function told(outcome: Outcome, tell: (line: string) => void): Promise<Outcome> {
  tell(line(outcome));
  return await Promise.resolve(outcome);
}

function line({ duel, oursMs, theirsMs, ratio, ratios, oursPeakBytes, theirsPeakBytes }: Outcome): string {
  const spread = `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`;
  return [
    duel.what.padEnd(20),
    `${seconds(oursMs)}  ${formatBytes(oursPeakBytes)}`.padEnd(22),
    `${duel.theirs.padEnd(24)} ${seconds(theirsMs)}  ${formatBytes(theirsPeakBytes)}`.padEnd(46),
    `ratio ${ratio.toFixed(2)} [${spread}], to be at most ${duel.atMost}: ${ratio <= duel.atMost ? 'met' : 'MISSED'}`,
  ].join('  ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      etcd: { type: 'string', default: '3.6' },
      megabytes: { type: 'string', default: '1000' },
      runs: { type: 'string', default: '5' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help)
    return console.log(
      'npm run bench -- [--etcd 3.6] [--megabytes 1000] [--runs 5] [--only save|verify|restore]',
    );
  if (!isEtcdMinor(values.etcd)) throw new Error(`--etcd ${values.etcd} is not known`);
  console.log(
    `etcd ${values.etcd}, ${values.megabytes} MB, median of ${values.runs} pairs, in turn; time is of the whole process`,
  );
  await bench({
    version: values.etcd,
    megabytes: Number(values.megabytes),
    runs: Number(values.runs),
    only: values.only,
    tell: (text) => console.log(text),
  });
}

if (import.meta.main) {
  await main();
  process.exit();
}
