import { withEtcd, withRepository, withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { lead } from './restore-lead.ts';
import { vouchTakes, withVouching, type VouchOptions } from './restore-options.ts';
import { restorePorts } from './restore-ports.ts';
import { restoreArgument, restoreAt } from './restore-which.ts';

export function addResume(parent: Verb): void {
  const verb = parent.command('resume');
  verb
    .description('Go on with a restore that was interrupted, or that could not be undone, where it stands.')
    .addArgument(restoreArgument())
    .example('The newest', 'holdfast restore resume latest')
    .example(
      'With the repository that the plan was made with',
      'holdfast restore resume latest --repo /backup',
    )
    .remark(
      'It goes in the direction that it was going: on to the end, or back to the old data. A step that was begun is done again from its beginning; each ends the same however often it is done. One that goes back because a step failed ends as `restore run` would have: with exit status 1. Give it the repository, its keys, the TLS files and the login that the run was given; what stands in the configuration comes from there.',
    )
    .answers(async (session, _options, word: string) => resume(session, verb, word));
  withVouching(withEtcd(withRepository(withStateDir(verb))));
  overServer(verb, { only: vouchTakes }, async (session, options: VouchOptions, word) => {
    const { goOnWithRestore } = await import('../remote/restores.ts');
    return withFleet(session, (fleet) => goOnWithRestore(fleet, verb, { ...options, word, act: 'resume' }));
  });
}

async function resume(session: Session, verb: Verb, word: string): Promise<Answer> {
  const { plan, records } = await restoreAt(session, word);
  const ports = await restorePorts(session);
  const { resumeRestore } = await import('@holdfast/engine');
  const back = records.findLast(({ event }) => event === 'back')?.evidence?.['by'];
  // To be put back is what a person asked for by `abort` or `rollback`, and nobody did by a failure.
  const wanted = back === 'abort' || back === 'rollback' ? 'rolled-back' : 'finished';
  return lead(session, verb, { plan, ports, wanted }, (options) => resumeRestore(session.context, options));
}
