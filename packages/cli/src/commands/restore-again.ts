import { resolve } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import type { JournalRecord } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { settingTable, type Setting, type SettingName } from '../settings/table.ts';
import { commandLine } from '../term/quote.ts';
import { nextLines } from '../view/next.ts';
import type { CommandFor } from '../view/operation.ts';
import { restoreAt } from './restore-which.ts';

/** Settings that a later command on the same restore needs as this one did. */
const needed = [
  'stateDir',
  'repo',
  'cluster',
  'endpoints',
  'cacert',
  'cert',
  'key',
  'user',
  'passwordFile',
] as const satisfies readonly SettingName[];

/**
 * The flags of this command line that another command needs again, in full. What came from variables and files comes
 * from there again.
 */
export function flagsAgain(session: Session, verb: Verb, names: readonly SettingName[] = needed): string[] {
  const { config } = verb.optsWithGlobals<{ config?: string }>();
  const settings = session.origins.flatMap(({ name, value, origin }) => {
    const { flag }: Setting = settingTable[name];
    if (flag === undefined || origin !== flag || !names.includes(name) || value === undefined) return [];
    return [flag, Array.isArray(value) ? value.join(',') : String(value)];
  });
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
  return words.flatMap((flag, i) => {
    const value = words[i + 1];
    if (i % 2 === 1 || value === undefined || flag === settingTable.stateDir.flag || own.includes(flag))
      return [];
    return [flag, value];
  });
}

/** A failure whose commands are those of this command line. */
class FailureOfRestore extends Failure {
  override readonly next: string;

  constructor(failure: Failure, next: string) {
    super(failure.code, failure.why, failure.details, { cause: failure });
    this.next = next;
  }
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
    throw next === error.next ? error : new FailureOfRestore(error, next);
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
