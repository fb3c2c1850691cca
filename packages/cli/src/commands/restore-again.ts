import { resolve } from 'node:path';
import { isFailure, type Failure } from '@holdfast/base';
import type { JournalRecord } from '@holdfast/model';
import { withNext } from '../failure/with-next.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { keySettings } from '../settings/key-table.ts';
import { s3Settings } from '../settings/s3-table.ts';
import { settingTable } from '../settings/table.ts';
import { givenFlags } from '../sources/places.ts';
import { commandLine } from '../term/quote.ts';
import { nextLines } from '../view/next.ts';
import type { CommandFor } from '../view/operation.ts';
import { restoreAt } from './restore-which.ts';

/** Settings that a later command on the same restore needs as this one did. */
const needed: readonly string[] = [
  'stateDir',
  'repo',
  'cluster',
  'endpoints',
  'cacert',
  'cert',
  'key',
  'user',
  'passwordFile',
  ...Object.keys(s3Settings),
  ...Object.keys(keySettings),
];

/**
 * The flags of this command line that another command needs again, in full. What came from variables and files comes
 * from there again.
 */
export function flagsAgain(session: Session, verb: Verb, names: readonly string[] = needed): string[] {
  const { config } = verb.optsWithGlobals<{ config?: string }>();
  const settings = givenFlags(session, (name) => names.includes(name));
  return config === undefined ? settings : [...settings, '--config', resolve(session.io.cwd, config)];
}

/** Verbs that only look at journals and kept data: they take no repository and no etcd. */
const needLittle = new Set(['status', 'release']);

/**
 * Gives the commands of a restore as they can be copied: with the flags of this command line that they need again, and
 * those of the one that led it last, which its journal tells.
 */
export function commandsAgain(
  session: Session,
  verb: Verb,
  journalOf: (id: string) => readonly JournalRecord[] = () => [],
): CommandFor {
  return (name, id) => {
    const own = flagsAgain(session, verb, needLittle.has(name) ? ['stateDir'] : needed);
    return [
      'holdfast',
      'restore',
      name,
      id,
      ...own,
      ...(needLittle.has(name) ? [] : lastFlags(journalOf(id), own)),
    ];
  };
}

/** What this command line says itself counts; the state folder is the one where the journal was found. */
function lastFlags(records: readonly JournalRecord[], own: readonly string[]): string[] {
  const flags = records.findLast(({ event }) => event === 'taken')?.evidence?.['flags'];
  const words = Array.isArray(flags) ? flags.map(String) : [];
  let takes = false;
  return words.filter((word) => {
    // Paths are written in full, so that nothing but a flag begins like one; some have no value.
    if (word.startsWith('--')) takes = !isOutdated(word, own);
    return takes;
  });
}

/** Who says where the repository is says all about the way there. */
function isOutdated(flag: string, own: readonly string[]): boolean {
  if (flag === settingTable.stateDir.flag || own.includes(flag)) return true;
  return flag.startsWith('--s3-') && own.includes(settingTable.repo.flag);
}

/** Does something with a restore; what it throws names commands that can be copied as they are, and would be accepted. */
export async function withCommands<T>(
  session: Session,
  commandFor: CommandFor,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!isFailure(error)) throw error;
    const next =
      (await possibleNow(session, commandFor, error)) ??
      error.next.replaceAll(/holdfast restore (\w+) (r-[\w-]+)/g, (_, verb: string, id: string) =>
        commandLine(commandFor(verb, id)),
      );
    throw withNext(error, next);
  }
}

/** Of a restore that waits for a person, what its journal allows; undefined for other failures. */
async function possibleNow(
  session: Session,
  commandFor: CommandFor,
  { code, details }: Failure,
): Promise<string | undefined> {
  const { id } = details;
  if ((code !== 'restore-paused' && code !== 'restore-stuck') || typeof id !== 'string') return undefined;
  try {
    return nextLines(await restoreAt(session, id), commandFor) || undefined;
  } catch {
    // What happened is told all the same.
    return undefined;
  }
}
