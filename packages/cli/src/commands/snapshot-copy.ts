import { Failure, formatBytes } from '@holdfast/base';
import type { SnapshotCopy } from '@holdfast/engine';
import { storedBytes } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { withRepository } from '../program/options.ts';
import { required } from '../program/require.ts';
import { snapshotArgument } from '../program/selector.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openNamed, openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs } from '../term/table.ts';
import { snapshotItem, stateWords } from '../view/snapshot.ts';

interface CopyOptions {
  readonly to: string;
  readonly plain?: true;
}

export function addCopy(parent: Verb): void {
  const verb = parent.command('copy');
  verb
    .description('Copy a snapshot into another repository, under its name.')
    .addArgument(snapshotArgument())
    .requiredOption('--to <repo>', 'a repository that is there, as --repo')
    .option('--plain', 'copy what is sealed to where nothing is: who can read it there can read every Secret')
    .example('Off this machine', 'holdfast snapshot copy latest --repo /backup --to offsite')
    .remark(
      'Where both repositories store alike for the same keys, the stored bytes are taken over as they are, and no key is needed; else the snapshot is opened and sealed anew. The hashes are checked on both ways. The copy is stored, not verified: evidence is not copied, so prove it with `snapshot verify`. What is there already is left as it is. A copy makes no repository: `repo init` does.',
    )
    .answers(copy);
  withRepository(verb);
}

async function copy(session: Session, { to, plain }: CopyOptions, selector: string): Promise<Answer> {
  required(session.settings, 'repo');
  const from = await openRepository(session);
  const { name, cluster } = await selectedSnapshot(session, from, selector);
  const { copySnapshot, showSnapshot } = await import('@holdfast/engine');
  const source = await showSnapshot(session.context, from, { name, cluster });
  const target = await openNamed(session, to);
  if (plain !== true) refuseUnsealed(from, source, target, to);
  return copyAnswer(await copySnapshot(session.context, from, target, source), to);
}

/** Of a typing error in `--to` nobody would hear before others have read it. */
function refuseUnsealed(from: Repository, { manifest }: SnapshotEntry, target: Repository, to: string): void {
  const sealed = manifest.recipients.length > 0 || (from.ring.list?.recipients.length ?? 0) > 0;
  if (!sealed || target.ring.recipients !== undefined) return;
  throw new Failure(
    'usage',
    `it comes from where everything is sealed, and ${to} seals nothing: who can read it there could read every Secret. Choose one that seals, or say --plain`,
  );
}

function copyAnswer(copied: SnapshotCopy, to: string): Answer {
  const { snapshot, outcome, asStored, notes } = copied;
  return {
    json: { apiVersion, kind: 'CopiedSnapshot', ...snapshotItem(snapshot), to, outcome, asStored, notes },
    names: [snapshot.name],
    text: (view) => copyText(copied, to, view),
  };
}

function copyText({ snapshot, outcome, asStored, notes }: SnapshotCopy, to: string, view: View): string {
  const stored = storedBytes(snapshot.manifest);
  const word = outcome === 'there' ? 'is there already:' : 'copied';
  return `${view.style('good', word)} ${snapshot.name} of cluster ${snapshot.cluster.name}\n${pairs(
    [
      ['to', to],
      ['state', stateWords(snapshot, view.style)],
      ['size', `${formatBytes(snapshot.manifest.content.size)}, ${formatBytes(stored)} as it is stored`],
      ['way', asStored ? 'the stored bytes as they are' : 'opened, checked and stored anew'],
      ...notes.map((note) => ['note', note] as const),
    ],
    '  ',
  )}`;
}
