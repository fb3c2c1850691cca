import { formatBytes, isFailure } from '@holdfast/base';
import type { Repository } from '@holdfast/repository';
import { withRepository } from '../program/options.ts';
import { exactSnapshotArgument } from '../program/selector.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import type { SnapshotOptions } from '../remote/snapshots.ts';
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
  overServer(
    verb,
    { takes: ['repo', 'yes', 'dryRun'], only: ['reason'] },
    async (session, options: SnapshotOptions, name) => {
      const { deleteSnapshot } = await import('../remote/snapshots.ts');
      return withFleet(session, (fleet) => deleteSnapshot(fleet, options, name));
    },
  );
  verb.addOption(
    verb.createOption('--reason <text>', 'why, for the audit log of the server').helpGroup('Server:'),
  );
}

/** What is to go: a snapshot, or what an unfinished save or a lost manifest has left under its name. */
interface Doomed {
  readonly what: string;
  readonly json: object;
  readonly destroy: () => Promise<unknown>;
}

async function remove(session: Session, options: DeleteOptions, name: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { what, json, destroy } = await doomed(session, repository, name, options.forceLast === true);
  if (options.dryRun === true) return deleteAnswer(name, `Would delete ${what}`, true, json);
  if (options.yes !== true) await confirm(session.io, `This deletes ${what}.`, name);
  await destroy();
  return deleteAnswer(name, `Deleted ${what}`, false, json);
}

/** Finds it by the very code that deletes it, told not to. */
async function doomed(
  session: Session,
  repository: Repository,
  name: string,
  forceLast: boolean,
): Promise<Doomed> {
  const { deleteRemains, deleteSnapshot } = await import('@holdfast/engine');
  const { context } = session;
  const request = { name, cluster: session.settings.cluster, forceLast };
  try {
    const entry = await deleteSnapshot(context, repository, { ...request, dryRun: true });
    const { content, times } = entry.manifest;
    const age = ago(times.finishedAt, session.io.clock.now());
    return {
      what: `snapshot ${name} of cluster ${entry.cluster.name}: ${formatBytes(content.size)}, ${entry.state}, taken ${age}`,
      json: { snapshot: snapshotItem(entry) },
      destroy: () => deleteSnapshot(context, repository, request),
    };
  } catch (error) {
    const noSnapshot = ['snapshot-missing', 'manifest-damaged', 'manifest-uncommitted'];
    if (!isFailure(error) || !noSnapshot.includes(error.code)) throw error;
    const remains = await deleteRemains(context, repository, { ...request, dryRun: true }).catch(
      (other: unknown) => {
        throw isFailure(other, 'snapshot-missing') ? error : other;
      },
    );
    return {
      what: `what is left of ${name}, which is no snapshot: ${remains.why}`,
      json: { remains },
      destroy: () => deleteRemains(context, repository, request),
    };
  }
}

function deleteAnswer(name: string, line: string, dryRun: boolean, json: object): Answer {
  return {
    json: { apiVersion, kind: 'SnapshotDeletion', name, dryRun, ...json },
    names: [name],
    text: () => `${line}\n`,
  };
}
