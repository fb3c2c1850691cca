import { parseArgs } from 'node:util';
import { formatBytes } from '@holdfast/base';
import { etcdMinors, isEtcdMinor } from '@holdfast/test-servers';
import { bench } from './bench.ts';
import type { Outcome } from './duel.ts';

const help = `npm run bench -- [--etcd 3.6] [--megabytes 1000] [--runs 5] [--rest 0] [--only save|verify|restore|seal|open]

Holdfast against etcd's own tools of the same version (${etcdMinors.join(', ')}), in turn, as whole processes. The
database is made once and kept in the cache. Quote ratios from a machine that does nothing else;
--rest gives it so many seconds before each run.`;

function line({ duel, oursMs, theirsMs, ratio, ratios, oursPeakBytes, theirsPeakBytes }: Outcome): string {
  const spread = `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`;
  return [
    duel.what.padEnd(20),
    `${seconds(oursMs)}  ${formatBytes(oursPeakBytes)}`.padEnd(20),
    `${duel.theirs.padEnd(24)} ${seconds(theirsMs)}  ${formatBytes(theirsPeakBytes)}`.padEnd(44),
    `ratio ${ratio.toFixed(2)} [${spread}], to be at most ${duel.atMost}: ${ratio <= duel.atMost ? 'met' : 'MISSED'}`,
  ].join('  ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

const { values } = parseArgs({
  options: {
    etcd: { type: 'string', default: '3.6' },
    megabytes: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '5' },
    rest: { type: 'string', default: '0' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
} else {
  if (!isEtcdMinor(values.etcd)) throw new Error(`--etcd takes ${etcdMinors.join(', ')}`);
  console.log(
    `etcd ${values.etcd}, ${values.megabytes} MB, medians of ${values.runs} pairs of whole processes, in turn`,
  );
  await bench({
    version: values.etcd,
    megabytes: Number(values.megabytes),
    runs: Number(values.runs),
    restMs: Number(values.rest) * 1000,
    ...(values.only !== undefined && { only: values.only }),
    tell: (text) => console.log(text),
    told: (outcome) => console.log(line(outcome)),
  });
}
process.exit();
