import { withEtcd, withRepository, withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { moment } from '../term/when.ts';
import { undoingSentences } from '../view/control-plane.ts';
import type { Operation } from '../view/operation.ts';
import { revisionWords } from '../view/plan.ts';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from './restore-confirm.ts';
import { lead } from './restore-lead.ts';
import { vouchTakes, withConfirm, withVouching, type VouchOptions } from './restore-options.ts';
import { restorePorts, type RestorePorts } from './restore-ports.ts';
import { restoreArgument, restoreAt } from './restore-which.ts';

export function addRollback(parent: Verb): void {
  const verb = parent.command('rollback');
  verb
    .description(
      'Bring the data of before a restore back, finished or not. What was written since is put aside.',
    )
    .addArgument(restoreArgument())
    .example('With a question', 'holdfast restore rollback latest')
    .example('In a script', 'holdfast restore rollback latest --confirm prod')
    .remark(
      'Possible until `restore release`. What the restored cluster took in is kept as member.undone-<id> beside each data directory, and no longer served. Exit 3: the old data is back, and the report has warnings that somebody has to see to. Refused while a later restore of the same data stands on it.',
    );
  withVouching(withStateDir(withRepository(withEtcd(withConfirm(verb))))).answers(
    async (session, options: ConfirmOptions, word: string) => rollback(session, verb, options, word),
  );
  const over = { takes: ['confirm'], only: vouchTakes };
  overServer(verb, over, async (session, options: ConfirmOptions & VouchOptions, word) => {
    const { goOnWithRestore } = await import('../remote/restores.ts');
    return withFleet(session, (fleet) => goOnWithRestore(fleet, verb, { ...options, word, act: 'rollback' }));
  });
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
  return lead(session, verb, { plan, ports, wanted: 'rolled-back' }, (options) =>
    rollbackRestore(session.context, options),
  );
}

async function question({ settings }: Session, operation: Operation, ports: RestorePorts): Promise<string> {
  const { plan, report, state } = operation;
  const now = await revisionNow(
    plan.members.flatMap(({ clientUrls }) => clientUrls),
    ports,
  );
  const then = report?.revision ?? null;
  const since =
    report === undefined
      ? `since it ${state.outcome === 'finished' ? 'finished' : 'started the cluster'}`
      : `since it finished at ${moment(report.endedAt, settings.utc)}`;
  const much =
    now === undefined || then === null
      ? 'How much that is cannot be told'
      : revisionWords(Math.max(0, now - then));
  return [
    `This undoes restore ${plan.id} of cluster ${plan.cluster.name} and brings the data of before it back.`,
    ...undoingSentences(operation),
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
