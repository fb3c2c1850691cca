import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { JournalRecord, RestorePlan, StepKind } from '@holdfast/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { withGlobals } from '../program/options.ts';
import { Verb } from '../program/verb.ts';
import { openSession, type Session } from '../session.ts';
import { diedIn, writeJournal } from '../testing/journal.ts';
import { componentSeen, fixedPlan, memberSeen } from '../testing/plan.ts';
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

test('the way to a bucket and the keys are given again, flags without a value too', async () => {
  const args = ['--repo', 's3://b/c', '--s3-skip-verify', '--s3-endpoint', 'h:1', '--identity-file', 'id'];
  const again = [
    '--repo',
    's3://b/c',
    '--s3-endpoint',
    'h:1',
    '--s3-skip-verify',
    '--identity-file',
    '/w/id',
  ];
  const given = await opened(args);
  expect(flagsAgain(...given)).toEqual(again);
  // As a journal tells them; another repository has another way there.
  const commands = async (own: string[]): Promise<string[]> => {
    const commandFor = commandsAgain(...(await opened(own)), () => [taken(0, again)]);
    return commandFor('resume', id).slice(4);
  };
  expect(await commands([])).toEqual(again);
  expect(await commands(['--repo', '/x'])).toEqual(['--repo', '/x', '--identity-file', '/w/id']);
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
  const given = await opened(['--state-dir', '/a b', '--repo', '/b']);
  const commandFor = commandsAgain(...given);
  const running = new Failure('restore-state', 'it is finished', { id });
  await expect(withCommands(given[0], commandFor, () => Promise.reject(running))).rejects.toMatchObject({
    next: `Look at it: holdfast restore status ${id} --state-dir '/a b'`,
  });
  // Whose journal cannot be read is at least looked at.
  const paused = new Failure('restore-paused', 'SIGINT', { id });
  await expect(withCommands(given[0], commandFor, () => Promise.reject(paused))).rejects.toMatchObject({
    code: 'restore-paused',
    exitCode: 130,
    why: 'SIGINT',
    next: expect.stringContaining(`holdfast restore status ${id} --state-dir '/a b'`),
    details: { id },
  });
});

describe('a failure of a restore that waits for a person', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  });
  afterEach(() => rm(stateDir, { recursive: true }));

  const replace = fixedPlan({
    way: 'replace',
    source: { kind: 'quorum', size: 1, revision: 1 },
    members: [memberSeen('m3')],
  });
  const served = fixedPlan({ controlPlane: [componentSeen('api', 'kube-apiserver')] });

  test.each<
    [what: string, plan: RestorePlan, kind: StepKind, after: Pick<JournalRecord, 'event'>[], next: string[]]
  >([
    ['all can be undone', fixedPlan(), 'stage', [], ['Go on: resume', 'Or put everything back: abort']],
    ['there is only forward', replace, 'join', [], ['Go on: resume']],
    ['it goes back', fixedPlan(), 'stage', [{ event: 'back' }], ['Go on with undoing: resume']],
    [
      'an API server is not ready',
      served,
      'serve',
      [{ event: 'failed' }],
      [
        'Mend the cause, then go on: resume',
        'Or bring the old data back; what was written since is put aside: rollback',
      ],
    ],
  ])('names what is possible: %s', async (_, plan, kind, after, next) => {
    await writeJournal(stateDir, plan, [...diedIn(plan, kind), ...after]);
    const given = await opened(['--state-dir', stateDir]);
    const stuck = new Failure('restore-stuck', 'm1 does not start', { id: plan.id });
    const act = withCommands(given[0], commandsAgain(...given), () => Promise.reject(stuck));
    const failure = await act.catch((error: unknown) => error as Failure);
    expect(
      failure.next.replaceAll(`holdfast restore `, '').replaceAll(` ${id} --state-dir ${stateDir}`, ''),
    ).toBe(next.join('\n'));
  });
});

test('what names no restore is thrown as it is', async () => {
  const given = await opened(['--state-dir', '/s']);
  const commandFor = commandsAgain(...given);
  for (const error of [new TypeError('a bug'), new Failure('usage', 'wrong')]) {
    await expect(withCommands(given[0], commandFor, () => Promise.reject(error))).rejects.toBe(error);
  }
});
