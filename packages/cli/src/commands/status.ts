import { isFailure } from '@holdfast/base';
import { withRepositories, withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { placeFlags, queueFlags, wayFlags } from '../sources/places.ts';
import { openQueue } from '../sources/queue.ts';
import { openRepositories } from '../sources/repository.ts';
import type { Answer } from '../term/answer.ts';
import { statusAnswer } from '../view/status.ts';

export function addStatus(parent: Verb): void {
  const verb = parent.command('status');
  verb
    .description('Can I get back, and to when? One line per cluster of the repositories.')
    .example('Every cluster', 'holdfast status --repo /backup')
    .example('In two repositories', 'holdfast status --repo /backup --repo offsite')
    .example('For monitoring: exit 3 when a cluster needs attention', 'holdfast status --repo /backup -q')
    .remark(
      'With several repositories a cluster is never ok while its newest snapshot is missing in a required one.',
    )
    .example('The clusters of a server', 'holdfast status --server https://holdfast.example:9443')
    .answers(status);
  withStateDir(withRepositories(verb));
  overServer(verb, {}, async (session) => {
    const { fleetStatus } = await import('../remote/status.ts');
    return withFleet(session, fleetStatus);
  });
}

async function status(session: Session): Promise<Answer> {
  const sources = await openRepositories(session);
  const { repositoryStatus } = await import('@holdfast/engine');
  const clusters = await repositoryStatus(session.context, {
    sources,
    cluster: session.settings.cluster,
    ...(await queued(session)),
  });
  return statusAnswer(clusters, {
    place: placeFlags(session),
    queueList: queueFlags(session, false),
    queueRun: queueFlags(session, true),
    wayTo: (name) => wayFlags(session, name),
  });
}

/** A queue that this user cannot read is that of another. */
async function queued(session: Session) {
  try {
    const { items, unreadable } = await (await openQueue(session)).list();
    return { queue: items, unreadable };
  } catch (error) {
    if (!isFailure(error)) throw error;
    session.warn(`the queue cannot be read: ${error.why}`);
    return {};
  }
}
