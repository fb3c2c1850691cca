import { withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import type { Answer } from '../term/answer.ts';
import { statsAnswer } from '../view/stats.ts';

export function addRepoStats(parent: Verb): void {
  const verb = parent.command('stats');
  verb
    .description('What a repository holds, per cluster and month, and how that grows.')
    .example('All of it', 'holdfast repo stats --repo /backup')
    .example('For machines, months and duplicates with it', 'holdfast repo stats --repo offsite -o json')
    .remark(
      'LOGICAL is what etcd sent, STORED what it takes where it is. The forecast is a straight line through what is stored and when it was saved; what retention removes is not in it, and with less than two days to judge by there is none.',
    )
    .answers(stats);
  withRepository(verb);
}

async function stats(session: Session): Promise<Answer> {
  const repository = await openRepository(session);
  const { repositoryStats } = await import('@holdfast/engine');
  const found = await repositoryStats(session.context, repository, session.settings.cluster);
  if (found.unreadable > 0)
    session.warn(
      `${found.unreadable} records cannot be read and are not counted: run \`holdfast repo check\``,
    );
  return statsAnswer(repository, found);
}
