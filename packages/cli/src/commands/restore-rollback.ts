import { withEtcd, withRepository, withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { moment } from '../term/when.ts';
import type { Operation } from '../view/operation.ts';
import { revisionWords } from '../view/plan.ts';
import { reportAnswer } from '../view/report.ts';
import { commandsAgain, flagsAgain, withCommands } from './restore-again.ts';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from './restore-confirm.ts';
import { withConfirm } from './restore-options.ts';
import { restorePorts, type RestorePorts } from './restore-ports.ts';
import { stepLines } from './restore-steps.ts';
import { restoreArgument, restoreAt } from './restore-which.ts';

export function addRollback(parent: Verb): void {
  const verb = parent.command('rollback');
  verb
    .description('Bring the data of before a finished restore back. What was written since is put aside.')
    .addArgument(restoreArgument())
    .example('With a question', 'holdfast restore rollback latest')
    .example('In a script', 'holdfast restore rollback latest --confirm prod')
    .remark(
      'Possible until `restore release`. What the restored cluster took in is kept as member.undone-<id> beside each data directory, and no longer served.',
    );
  withStateDir(withRepository(withEtcd(withConfirm(verb)))).answers(
    async (session, options: ConfirmOptions, word: string) => rollback(session, verb, options, word),
  );
}

async function rollback(
  session: Session,
  verb: Verb,
  options: ConfirmOptions,
  word: string,
): Promise<Answer> {
  requireConfirmable(session, options);
  const operation = await restoreAt(session, word);
  const { plan } = operation;
  const ports = await restorePorts(session);
  const asked = await question(session, operation, ports);
  await confirmCluster(session, options, asked, plan.cluster.name);
  const { rollbackRestore } = await import('@holdfast/engine');
  const commandFor = commandsAgain(session, verb);
  const flags = flagsAgain(session, verb);
  const onRecord = stepLines(session, verb, plan);
  const { stateDir } = session.settings;
  const report = await withCommands(commandFor, () =>
    rollbackRestore(session.context, { id: plan.id, stateDir, ...ports, onRecord, flags }),
  );
  return reportAnswer(report, 'rolled-back', commandFor);
}

async function question(
  { settings }: Session,
  { plan, report }: Operation,
  ports: RestorePorts,
): Promise<string> {
  const now = await revisionNow(
    plan.members.flatMap(({ clientUrls }) => clientUrls),
    ports,
  );
  const then = report?.revision ?? null;
  const since =
    report === undefined
      ? 'since it finished'
      : `since it finished at ${moment(report.endedAt, settings.utc)}`;
  const much =
    now === undefined || then === null
      ? 'How much that is cannot be told'
      : revisionWords(Math.max(0, now - then));
  return [
    `This undoes restore ${plan.id} of cluster ${plan.cluster.name} and brings the data of before it back.`,
    `What was written ${since} is put aside, not deleted, and no longer served: ${much}.`,
    ...plan.members
      .filter(({ attested }) => attested === undefined)
      .map(({ name, dataDir }) => `  ${name}: ${dataDir}/member.undone-${plan.id}`),
  ].join('\n');
}

/** The revision that the first member which answers is at; undefined when none does. */
async function revisionNow(
  endpoints: readonly string[],
  { connect }: RestorePorts,
): Promise<number | undefined> {
  for (const endpoint of endpoints) {
    try {
      await using client = connect([endpoint]);
      return (await client.status(client.endpoints[0]!)).revision;
    } catch {
      // The question is asked all the same; it says that this cannot be told.
    }
  }
  return undefined;
}
