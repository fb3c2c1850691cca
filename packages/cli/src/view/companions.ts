import { formatBytes } from '@holdfast/base';
import { companionsOutcome, type CompanionsRecord } from '@holdfast/model';
import type { View } from '../term/answer.ts';
import { table } from '../term/table.ts';

const tones = { ok: 'good', unknown: 'doubtful', warned: 'doubtful', failed: 'bad' } as const;

/** What the worst finding means for a restore. */
const meanings = {
  ok: 'everything that a restore needs beside the snapshot is there and fits',
  unknown: 'not everything about them could be checked',
  warned: 'a restore would succeed, but not all is well',
  failed: 'a restore would not bring everything to life',
} as const;

/** The companions of a snapshot for `snapshot show`: of which node, what each check found, and what was left behind. */
export function companionsText(record: CompanionsRecord | null, view: View): string {
  if (record === null)
    return 'Companions: none were kept, so a restore needs keys and certificates from elsewhere\n';
  const { distribution, node, kubernetes, files, left, findings } = record;
  const outcome = companionsOutcome(record);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const version = kubernetes.version === null ? '' : `, Kubernetes ${kubernetes.version}`;
  const head = `Companions: ${view.style(tones[outcome], outcome)}, ${meanings[outcome]}\n`;
  const origin = `  of ${node} (${distribution}${version}): ${counted(files.length, 'file')}, ${formatBytes(bytes)}, sealed\n`;
  const checks = table(
    ['  CHECK', 'RESULT', 'FOUND'],
    findings.map(({ check, outcome, sentence }) => [
      `  ${check}`,
      view.style(tones[outcome], outcome),
      oneLine(sentence),
    ]),
  );
  const behind = left.map(
    ({ path, why }) => `  ${view.style('doubtful', '!')} not taken: ${oneLine(`${path}, ${why}`)}\n`,
  );
  return [
    head,
    origin,
    ...(findings.length === 0 ? [] : [checks]),
    ...behind,
    ...(view.wide ? [fileTable(record)] : []),
  ].join('');
}

/** What `status` has to say of the newest snapshot's companions: what a restore would fail of, one sentence each. */
export function companionsWorries({ findings }: CompanionsRecord): string[] {
  return findings
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ sentence }) => `companions: ${oneLine(sentence)}`);
}

function fileTable({ files }: CompanionsRecord): string {
  return table(
    ['  FILE', 'SIZE', 'WHY'],
    files.map(({ path, size, why, secret }) => [
      `  ${oneLine(path)}`,
      formatBytes(size),
      secret ? `${why} (secret)` : why,
    ]),
  );
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A name from a node may hold a line feed, and must not look like a line of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
