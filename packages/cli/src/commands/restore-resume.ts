import { withEtcd, withRepository, withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { reportAnswer } from '../view/report.ts';
import { commandsAgain, flagsAgain, withCommands } from './restore-again.ts';
import { restorePorts } from './restore-ports.ts';
import { stepLines } from './restore-steps.ts';
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
      'It goes in the direction that it was going: on to the end, or back to the old data. A step that was begun is done again from its beginning; each ends the same however often it is done. Give it the repository, the TLS files and the login that the run was given; what stands in the configuration comes from there.',
    )
    .answers(async (session, _options, word: string) => resume(session, verb, word));
  withStateDir(withRepository(withEtcd(verb)));
}

async function resume(session: Session, verb: Verb, word: string): Promise<Answer> {
  const { plan, state } = await restoreAt(session, word);
  const ports = await restorePorts(session);
  const { resumeRestore } = await import('@holdfast/engine');
  const commandFor = commandsAgain(session, verb);
  const flags = flagsAgain(session, verb);
  const onRecord = stepLines(session, verb, plan);
  const { stateDir } = session.settings;
  const report = await withCommands(commandFor, () =>
    resumeRestore(session.context, { id: plan.id, stateDir, ...ports, onRecord, flags }),
  );
  const wanted = state.direction === 'back' ? 'rolled-back' : 'finished';
  return reportAnswer(report, wanted, commandFor);
}
