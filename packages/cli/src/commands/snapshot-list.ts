import { Failure } from '@holdfast/base';
import type { Listing } from '@holdfast/repository';
import { withFrom, withRepository } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { listForeign } from './snapshot-foreign.ts';
import type { SnapshotOptions } from '../remote/snapshots.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { columns, snapshotItem, snapshotRow, wideColumns } from '../view/snapshot.ts';

export function addList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the snapshots of a repository, newest first. Unfinished ones do not exist.')
    .example('All of them', 'holdfast snapshot list --repo /backup')
    .example('The names alone, for scripts', 'holdfast snapshot list --repo /backup -q')
    .remark(
      'STATE is how far a snapshot is proven: stored, then verified, or damaged; degraded means that it was saved without quorum or from an unhealthy member, untrusted that nobody whose signature counts has signed its manifest, so that nothing is restored from it. Records that cannot be read are named on stderr, and the exit status is 3.',
    )
    .example('What another system left', 'holdfast snapshot list --from /opt/rke/etcd-snapshots')
    .answers(list);
  withFrom(withRepository(verb));
  overServer(verb, { takes: ['repo'] }, async (session, options: SnapshotOptions) => {
    const { listSnapshots } = await import('../remote/snapshots.ts');
    return withFleet(session, (fleet) => listSnapshots(fleet, options));
  });
}

async function list(session: Session, { from }: { readonly from?: string }): Promise<Answer> {
  if (from !== undefined) return await listForeign(session, from);
  const repository = await openRepository(session);
  const { listSnapshots } = await import('@holdfast/engine');
  const listing = await listSnapshots(session.context, repository, session.settings.cluster);
  for (const { path, failure } of listing.damaged) session.warn(`${path}: ${failure.why}`);
  return listAnswer(listing, repository.location);
}

function listAnswer(
  { snapshots, damaged }: Pick<Listing, 'snapshots' | 'damaged'>,
  location: string,
): Answer {
  const newestFirst = snapshots.toReversed();
  const why = `${damaged.length} of its records cannot be read; they are named above`;
  return {
    json: {
      apiVersion,
      kind: 'SnapshotList',
      items: newestFirst.map(snapshotItem),
      unreadable: damaged.map(({ path, name, failure }) => ({
        path,
        snapshot: name,
        code: failure.code,
        why: failure.why,
      })),
    },
    names: newestFirst.map((entry) => entry.name),
    text: (view) =>
      newestFirst.length === 0
        ? 'No snapshots yet. `holdfast snapshot save` makes the first.\n'
        : table(
            view.wide ? wideColumns : columns,
            newestFirst.map((entry) => snapshotRow(entry, view)),
          ),
    ...(damaged.length > 0 && {
      failure: new Failure('repository-unreadable', why, { repository: location }),
    }),
  };
}
