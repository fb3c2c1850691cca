import { Failure } from '@holdfast/base';
import type { Session } from '../session.ts';
import { serverSettings } from '../settings/server-table.ts';
import type { Answer } from '../term/answer.ts';
import { pathOf } from './help.ts';
import { withCluster, withServer } from './options.ts';
import { none } from './span.ts';
import type { Verb } from './verb.ts';

/** What a command does; gets its options, and its arguments in their order. */
type Action = (session: Session, options: never, ...args: string[]) => Promise<Answer>;

/** How a command is done over a server. */
export interface OverServer {
  /** Names of the command's own options that mean something there, as commander has them. */
  readonly takes: readonly string[];
  /** Those of them that mean nothing without a server. */
  readonly only: readonly string[];
  readonly act: Action;
}

/** Says how a command is done over a server, and adds the options that name one. */
export function overServer(
  verb: Verb,
  { takes = [], only = [] }: Partial<Omit<OverServer, 'act'>>,
  act: Action,
): Verb {
  verb.over = { takes: [...takes, ...only, 'cluster'], only, act };
  if (!verb.options.some((option) => option.attributeName() === 'cluster')) withCluster(verb);
  return withServer(verb);
}

/** Commands that bring something back on this very machine: they must not depend on what a file says of a server. */
const alwaysHere: readonly string[] = [
  'holdfast snapshot restore',
  'holdfast restore discover',
  'holdfast restore datadir',
];

/**
 * What is to be done: the command as it is on this machine, or over the server that is set.
 *
 * @throws Failure `usage` for a command, or an option of it, that makes no sense so
 */
export function actionOf(verb: Verb, session: Session, here: Action): Action {
  const server = session.settings.server ?? none;
  const { over } = verb;
  if (over === undefined) {
    if (server !== none && !alwaysHere.includes(pathOf(verb))) refuseSibling(verb, session);
    return here;
  }
  const given = verb.options.filter((option) => verb.getOptionValueSource(option.attributeName()) === 'cli');
  if (server === none) {
    const odd = given.find((option) => over.only.includes(option.attributeName()));
    if (odd !== undefined) throw new Failure('usage', `${odd.long} is for what is done over a --server`);
    return here;
  }
  const odd = given.find((option) => {
    const name = option.attributeName();
    return !over.takes.includes(name) && !(name in serverSettings);
  });
  if (odd !== undefined)
    throw new Failure(
      'usage',
      `${odd.long} is for what is done on this machine, not over the server ${server}`,
    );
  return over.act;
}

/** Beside commands that are done over a server, one that is not would be of other snapshots, policies or restores than they. */
function refuseSibling(verb: Verb, { origins, settings }: Session): void {
  const noun = verb.parent as Verb | null;
  if (noun?.parent == null || !noun.commands.some((each) => (each as Verb).over !== undefined)) return;
  const origin = origins.find(({ name }) => name === 'server')!.origin;
  throw new Failure(
    'usage',
    `\`${pathOf(verb)}\` is done on this machine alone, and ${origin} names the server ${settings.server}; HOLDFAST_SERVER=none does it here`,
  );
}
