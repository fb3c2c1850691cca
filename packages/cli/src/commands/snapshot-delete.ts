import { formatBytes } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';
import { withRepository } from '../program/options.ts';
import { exactSnapshotArgument } from '../program/selector.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';
import { ago } from '../term/when.ts';
import { snapshotItem } from '../view/snapshot.ts';

interface DeleteOptions {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly forceLast?: true;
}

export function addDelete(parent: Verb): void {
  const verb = parent.command('delete');
  verb
    .description('Delete a snapshot. Pinned ones and the newest verified one of a cluster are refused.')
    .addArgument(exactSnapshotArgument())
    .option('--yes', 'do not ask; for scripts')
    .option('--dry-run', 'say what would go, and do nothing')
    .option('--force-last', 'even the newest verified one, after which nothing proven is left')
    .example('With a question', 'holdfast snapshot delete test-1 --repo /backup')
    .example('In a script', 'holdfast snapshot delete test-1 --repo /backup --yes')
    .answers(async (session, options: DeleteOptions, name) => remove(session, options, name));
  withRepository(verb);
}

async function remove(session: Session, options: DeleteOptions, name: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { deleteSnapshot } = await import('@holdfast/engine');
  const { cluster } = session.settings;
  const request = { name, cluster, forceLast: options.forceLast === true };
  const doomed = await deleteSnapshot(session.context, repository, { ...request, dryRun: true });
  const plan = `snapshot ${name} of cluster ${doomed.cluster.name}: ${formatBytes(doomed.manifest.content.size)}, ${doomed.state}, taken ${ago(doomed.manifest.times.finishedAt, session.io.clock.now())}`;
  if (options.dryRun === true) return deleteAnswer(doomed, `Would delete ${plan}`, true);
  if (options.yes !== true) await confirm(session.io, `This deletes ${plan}.`, name);
  await deleteSnapshot(session.context, repository, request);
  return deleteAnswer(doomed, `Deleted ${plan}`, false);
}

function deleteAnswer(entry: SnapshotEntry, line: string, dryRun: boolean): Answer {
  return {
    json: { apiVersion, kind: 'SnapshotDeletion', dryRun, snapshot: snapshotItem(entry) },
    names: [entry.name],
    text: () => `${line}\n`,
  };
}
