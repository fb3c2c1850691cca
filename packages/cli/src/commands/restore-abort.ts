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

export function addAbort(parent: Verb): void {
  const verb = parent.command('abort');
  verb
    .description(
      'Give up a restore that is not finished: every step is undone, and the old data is as it was.',
    )
    .addArgument(restoreArgument())
    .example('The newest', 'holdfast restore abort latest')
    .remark(
      'A finished one is undone by `restore rollback`; so is best one whose cluster serves again, since that says what was written. Past a step that cannot be undone it is refused, and while a later restore of the same data stands. Exit 3: the old data is back, and the report has warnings that somebody has to see to.',
    )
    .answers(async (session, _options, word: string) => abort(session, verb, word));
  withVouching(withEtcd(withRepository(withStateDir(verb))));
  overServer(verb, { only: vouchTakes }, async (session, options: VouchOptions, word) => {
    const { goOnWithRestore } = await import('../remote/restores.ts');
    return withFleet(session, (fleet) => goOnWithRestore(fleet, verb, { ...options, word, act: 'abort' }));
  });
}

async function abort(session: Session, verb: Verb, word: string): Promise<Answer> {
  const { plan } = await restoreAt(session, word);
  const ports = await restorePorts(session);
  const { abortRestore } = await import('@holdfast/engine');
  return lead(session, verb, { plan, ports, wanted: 'rolled-back' }, (options) =>
    abortRestore(session.context, options),
  );
}
