import { Failure } from '@holdfast/base';
import { InvalidArgumentError, Option } from 'commander';
import { withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import type { Operation } from '../view/operation.ts';
import { commandsAgain, withCommands } from './restore-again.ts';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from './restore-confirm.ts';
import { withConfirm } from './restore-options.ts';
import { localNodes } from './restore-ports.ts';
import { restoreArgument, restoreAt } from './restore-which.ts';

interface ReleaseOptions extends ConfirmOptions {
  /** Milliseconds. */
  readonly olderThan?: number;
}

export function addRelease(parent: Verb): void {
  const verb = parent.command('release');
  verb
    .description('Delete the old data that a restore has kept. After this it cannot be rolled back.')
    .addArgument(restoreArgument('[restore]'))
    .addOption(
      new Option('--older-than <time>', 'all that ended so long ago: 90m, 24h or 7d').argParser(milliseconds),
    )
    .example('With a question', 'holdfast restore release latest')
    .example(
      'In a script, all of a cluster that are a day old',
      'holdfast restore release --older-than 24h --confirm prod',
    );
  withStateDir(withConfirm(verb)).answers(async (session, options: ReleaseOptions, word?: string) =>
    release(session, verb, options, word),
  );
  overServer(verb, { takes: ['confirm'] }, async (session, options: ConfirmOptions, word?: string) => {
    if (word === undefined) throw new Failure('usage', 'a restore is needed');
    const { goOnWithRestore } = await import('../remote/restores.ts');
    return withFleet(session, (fleet) => goOnWithRestore(fleet, verb, { ...options, word, act: 'release' }));
  });
}

async function release(
  session: Session,
  verb: Verb,
  options: ReleaseOptions,
  word: string | undefined,
): Promise<Answer> {
  const { olderThan } = options;
  if ((word === undefined) === (olderThan === undefined)) {
    throw new Failure('usage', 'either a restore or --older-than is needed');
  }
  requireConfirmable(session, options);
  const chosen =
    olderThan === undefined ? [await restoreAt(session, word!)] : await ended(session, olderThan, options);
  const { releaseRestore } = await import('@holdfast/engine');
  const nodes = await localNodes(session);
  const released: { id: string; paths: readonly string[] }[] = [];
  for (const { plan } of chosen) {
    const of = plan.members.filter(({ attested }) => attested === undefined).map(({ name }) => name);
    const question = `This deletes the data that restore ${plan.id} keeps beside that of ${of.join(', ')}. It is then gone for good.`;
    await confirmCluster(session, options, question, plan.cluster.name);
    const { stateDir } = session.settings;
    const paths = await withCommands(session, commandsAgain(session, verb), () =>
      releaseRestore(session.context, { id: plan.id, stateDir, nodes }),
    );
    released.push({ id: plan.id, paths });
  }
  return releaseAnswer(released);
}

/** All that ended before `age` milliseconds and hold something still; with `--confirm` those of that cluster. */
async function ended(session: Session, age: number, { confirm }: ConfirmOptions): Promise<Operation[]> {
  const { listRestores } = await import('@holdfast/engine');
  const before = session.io.clock.now().getTime() - age;
  const all = await listRestores(session.settings.stateDir);
  return all.filter(({ plan, state, records }) => {
    if (state.outcome === undefined || state.released) return false;
    if (confirm !== undefined && plan.cluster.name !== confirm) return false;
    const end = records.findLast(({ event }) => event === 'finished' || event === 'rolled-back');
    return end !== undefined && Date.parse(end.at) < before;
  });
}

function releaseAnswer(
  released: readonly { readonly id: string; readonly paths: readonly string[] }[],
): Answer {
  return {
    json: { apiVersion, kind: 'RestoreRelease', released },
    names: released.map(({ id }) => id),
    text: () =>
      released.length === 0
        ? 'Nothing was old enough.\n'
        : released
            .map(({ id, paths }) => `released ${id}\n${paths.map((path) => `  deleted ${path}\n`).join('')}`)
            .join(''),
  };
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function milliseconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It must be a time such as 90m, 24h or 7d.');
  return Number(count) * units[unit as keyof typeof units];
}
