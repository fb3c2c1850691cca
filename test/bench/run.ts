import { parseArgs } from 'node:util';
import { formatBytes } from '@holdfast/base';
import { etcdMinors, isEtcdMinor } from '@holdfast/test-servers';
import { bench, sizes } from './bench.ts';
import { memoryAtMost, type Outcome } from './duel.ts';
import { runFleet } from './fleet/run.ts';

const help = `npm run bench -- [--etcd 3.6] [--megabytes 1000] [--runs 5] [--rest 0] [--only save|verify|restore|sealed|S3|seal|open|stored]
npm run bench -- fleet [--clusters 100] [--minutes 3] [--store sqlite|postgresql] [--profile FOLDER]

Holdfast against etcd's own tools of the same version (${etcdMinors.join(', ')}), and age, zstd and rclone where snapshots are
sealed and sent to a bucket, in turn, as whole processes. The database is made once and kept in the cache. Quote ratios from a machine that does nothing else;
--rest gives it so many seconds before each run.

fleet: one server process (two on PostgreSQL, one of which is killed) with simulated clusters of three agents each.`;

function line(outcome: Outcome): string {
  const { duel, ratio, ratios, oursPeakBytes } = outcome;
  const spread = `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`;
  return [
    duel.what.padEnd(27),
    side(outcome.oursMs, outcome.oursCpuMs, oursPeakBytes),
    duel.theirs.padEnd(26),
    side(outcome.theirsMs, outcome.theirsCpuMs, outcome.theirsPeakBytes),
    `ratio ${ratio.toFixed(2)} [${spread}], to be at most ${duel.atMost}: ${judged(ratio <= duel.atMost)}`,
    `memory to be at most ${formatBytes(memoryAtMost)}: ${judged(oursPeakBytes <= memoryAtMost)}`,
  ].join('  ');
}

function side(wallMs: number, cpuMs: number, peakBytes: number): string {
  return `${seconds(wallMs)}, CPU ${seconds(cpuMs)}, ${formatBytes(peakBytes)}`.padEnd(34);
}

function judged(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    etcd: { type: 'string', default: '3.6' },
    megabytes: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '5' },
    rest: { type: 'string', default: '0' },
    only: { type: 'string' },
    clusters: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '3' },
    store: { type: 'string', default: 'sqlite' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
} else if (positionals[0] === 'fleet') {
  const { store } = values;
  if (store !== 'sqlite' && store !== 'postgresql') throw new Error('--store takes sqlite, postgresql');
  await runFleet({
    ...{ clusters: Number(values.clusters), minutes: Number(values.minutes), store },
    profileTo: values.profile ?? null,
  });
} else {
  if (!isEtcdMinor(values.etcd)) throw new Error(`--etcd takes ${etcdMinors.join(', ')}`);
  console.log(
    `etcd ${values.etcd}, ${values.megabytes} MB, medians of ${values.runs} pairs of whole processes, in turn`,
  );
  const { stored } = await bench({
    version: values.etcd,
    megabytes: Number(values.megabytes),
    runs: Number(values.runs),
    restMs: Number(values.rest) * 1000,
    ...(values.only !== undefined && { only: values.only }),
    tell: (text) => console.log(text),
    told: (outcome) => console.log(line(outcome)),
  });
  if (stored.length > 0) console.log(`${sizes} of one snapshot`);
  for (const { how, bytes } of stored) console.log(`  ${how.padEnd(42)} ${formatBytes(bytes).padStart(10)}`);
}
process.exit();
