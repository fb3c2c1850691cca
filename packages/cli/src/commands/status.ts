import { withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import type { Answer } from '../term/answer.ts';
import { statusAnswer } from '../view/status.ts';

export function addStatus(parent: Verb): void {
  const verb = parent.command('status');
  verb
    .description('Can I get back, and to when? One line per cluster of the repository.')
    .example('Every cluster', 'holdfast status --repo /backup')
    .example('For monitoring: exit 3 when a cluster needs attention', 'holdfast status --repo /backup -q')
    .answers(status);
  withRepository(verb);
}

async function status(session: Session): Promise<Answer> {
  const repository = await openRepository(session);
  const { repositoryStatus } = await import('@holdfast/engine');
  const clusters = await repositoryStatus(session.context, repository, session.settings.cluster);
  return statusAnswer(clusters, repository.location);
}
