import { Failure } from '@holdfast/base';
import type { JournalRecord } from '@holdfast/model';
import { expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { withGlobals } from '../program/options.ts';
import { Verb } from '../program/verb.ts';
import { openSession, type Session } from '../session.ts';
import { commandsAgain, flagsAgain, withCommands } from './restore-again.ts';
import { withRequest } from './restore-options.ts';

const id = 'r-20261120t091407z-a1b2c3';

/** What `holdfast restore run` with these words needs again, in the working folder /w. */
async function opened(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<[session: Session, verb: Verb]> {
  const verb = withRequest(withGlobals(new Verb('run', quietIo)));
  verb.parse(args, { from: 'user' });
  return [await openSession(verb.optsWithGlobals(), { ...quietIo, env, cwd: '/w' }), verb];
}

test('flags are given again, in full; what came from variables comes from there again', async () => {
  const args = ['--state-dir', 's', '--repo', '/b', '--endpoints', 'a:1,b:2', '--snapshot', 'latest'];
  const given = await opened(args, { HOLDFAST_USER: 'root', HOLDFAST_CACERT: '/ca' });
  expect(flagsAgain(...given)).toEqual(['--repo', '/b', '--endpoints', 'a:1,b:2', '--state-dir', '/w/s']);
  expect(flagsAgain(...(await opened([])))).toEqual([]);
});

/** A process took the restore up with these flags. */
const taken = (n: number, flags: unknown): JournalRecord => ({
  n,
  at: '2026-11-20T09:14:07.000Z',
  event: 'taken',
  evidence: { by: 'ada@desk', flags },
});

test('a restore is gone on with by the flags that it was led with last, unless others are given', async () => {
  const journal = [
    taken(0, ['--repo', '/old']),
    taken(1, ['--repo', '/b', '--user', 'root', '--password-file', '/pw', '--state-dir', '/gone']),
  ];
  const given = await opened(['--state-dir', '/s', '--user', 'ops']);
  const commandFor = commandsAgain(...given, () => journal);
  expect(commandFor('resume', id).join(' ')).toBe(
    `holdfast restore resume ${id} --user ops --state-dir /s --repo /b --password-file /pw`,
  );
  expect(commandFor('status', id).join(' ')).toBe(`holdfast restore status ${id} --state-dir /s`);
  const older = commandsAgain(...given, () => [taken(0, undefined)]);
  expect(older('abort', id).slice(4)).toEqual(['--user', 'ops', '--state-dir', '/s']);
});

test('the commands that a failure names can be copied as they are', async () => {
  const commandFor = commandsAgain(...(await opened(['--state-dir', '/a b', '--repo', '/b'])));
  const paused = new Failure('restore-paused', 'SIGINT', { id });
  await expect(withCommands(commandFor, () => Promise.reject(paused))).rejects.toMatchObject({
    code: 'restore-paused',
    exitCode: 130,
    why: 'SIGINT',
    next: `Go on: holdfast restore resume ${id} --repo /b --state-dir '/a b'\nOr put everything back: holdfast restore abort ${id} --repo /b --state-dir '/a b'`,
    details: { id },
  });
  const running = new Failure('restore-state', 'it is finished', { id });
  await expect(withCommands(commandFor, () => Promise.reject(running))).rejects.toMatchObject({
    next: `Look at it: holdfast restore status ${id} --state-dir '/a b'`,
  });
});

test('what names no restore is thrown as it is', async () => {
  const commandFor = commandsAgain(...(await opened(['--state-dir', '/s'])));
  for (const error of [new TypeError('a bug'), new Failure('usage', 'wrong')]) {
    await expect(withCommands(commandFor, () => Promise.reject(error))).rejects.toBe(error);
  }
});
