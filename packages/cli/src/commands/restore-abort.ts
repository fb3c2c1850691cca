import { withEtcd, withRepository, withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { reportAnswer } from '../view/report.ts';
import { commandsAgain, flagsAgain, withCommands } from './restore-again.ts';
import { restorePorts } from './restore-ports.ts';
import { stepLines } from './restore-steps.ts';
import { restoreArgument, restoreAt } from './restore-which.ts';

export function addAbort(parent: Verb): void {
  const verb = parent.command('abort');
  verb
    .description(
      'Give up a restore that is not finished: every step is undone, and the old data is as it was.',
    )
    .addArgument(restoreArgument())
    .example('The newest', 'holdfast restore abort latest')
    .remark(
      'A finished one is undone by `restore rollback`. Past a step that cannot be undone it is refused.',
    )
    .answers(async (session, _options, word: string) => abort(session, verb, word));
  withStateDir(withRepository(withEtcd(verb)));
}

async function abort(session: Session, verb: Verb, word: string): Promise<Answer> {
  const { plan } = await restoreAt(session, word);
  const ports = await restorePorts(session);
  const { abortRestore } = await import('@holdfast/engine');
  const commandFor = commandsAgain(session, verb);
  const flags = flagsAgain(session, verb);
  const onRecord = stepLines(session, verb, plan);
  const { stateDir } = session.settings;
  const report = await withCommands(commandFor, () =>
    abortRestore(session.context, { id: plan.id, stateDir, ...ports, onRecord, flags }),
  );
  return reportAnswer(report, 'rolled-back', commandFor);
}
