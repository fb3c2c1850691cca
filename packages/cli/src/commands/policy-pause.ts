import { Failure } from '@holdfast/base';
import { spanMs, type Pause, type WrittenPolicy } from '@holdfast/model';
import { InvalidArgumentError, Option } from 'commander';
import { isCalendarDay } from '../program/calendar-day.ts';
import { withPolicyFile } from '../program/options.ts';
import { lengthOfTime } from '../program/span.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { policyNamed } from '../sources/policy-named.ts';
import type { Answer } from '../term/answer.ts';
import { policyAnswer } from '../view/policy.ts';

interface PauseOptions {
  readonly reason: string;
  readonly for?: string;
  readonly until?: Date;
}

export function addPolicyPause(parent: Verb): void {
  const verb = parent.command('pause');
  verb
    .description('Make no snapshots for a policy until it is resumed, or for a time.')
    .argument('<policy>', 'its exact name')
    .requiredOption('--reason <text>', 'why, for those who come later', reasonText)
    .addOption(new Option('--for <span>', 'end it by itself after so long').argParser(lengthOfTime))
    .addOption(
      new Option('--until <time>', 'end it by itself then, a time with its zone')
        .argParser(timeWithZone)
        .conflicts('for'),
    )
    .example('For an upgrade', "holdfast policy pause main --reason 'upgrade to 1.34' --for 2h")
    .remark(
      'Snapshots that somebody asks for are still made. What went by meanwhile is made up for by one run when the pause ends, unless the policy says otherwise.',
    )
    .answers(pause);
  withPolicyFile(verb);
  overServer(verb, { takes: ['reason', 'for', 'until'] }, async (session, options: PauseOptions, name) => {
    const { pausePolicy } = await import('../remote/policies.ts');
    refusePast(options.until, session.io.clock.now());
    return withFleet(session, (fleet) => pausePolicy(fleet, options, name));
  });
}

export function addPolicyResume(parent: Verb): void {
  const verb = parent.command('resume');
  verb
    .description('End the pause of a policy.')
    .argument('<policy>', 'its exact name')
    .example('When the upgrade is done', 'holdfast policy resume main')
    .answers(async (session, _options, name) => changed(session, name, 'resumed', () => null));
  withPolicyFile(verb);
  overServer(verb, {}, async (session, _options, name) => {
    const { resumePolicy } = await import('../remote/policies.ts');
    return withFleet(session, (fleet) => resumePolicy(fleet, name));
  });
}

async function pause(session: Session, options: PauseOptions, name: string): Promise<Answer> {
  const now = session.io.clock.now();
  const ends = options.for === undefined ? options.until : new Date(now.getTime() + spanMs(options.for));
  refusePast(ends, now);
  return changed(session, name, 'paused', (before) => ({
    // One that goes on began when it began: it counts how long nothing has been saved.
    since: before !== null && !hasEnded(before, now) ? before.since : now.toISOString(),
    until: ends?.toISOString() ?? null,
    reason: options.reason,
  }));
}

function refusePast(ends: Date | undefined, now: Date): void {
  if (ends === undefined || ends > now) return;
  throw new Failure('usage', `--until is ${ends.toISOString()}, which has passed`);
}

function hasEnded({ until }: Pause, now: Date): boolean {
  return until !== null && new Date(until) <= now;
}

async function changed(
  session: Session,
  name: string,
  head: string,
  next: (before: Pause | null) => Pause | null,
): Promise<Answer> {
  // A name that is not there is told with those that are, and no file is made for it.
  await policyNamed(session, name);
  const { changePolicy } = await import('@holdfast/engine');
  const { settings, io } = session;
  const path = settings.policyFile;
  const edit = (before: WrittenPolicy | undefined): WrittenPolicy => {
    if (before === undefined) throw new Failure('policy-missing', 'it was removed meanwhile', { name, path });
    const { pause = null, ...rest } = before;
    const its = next(pause);
    return its === null ? rest : { ...rest, pause: its };
  };
  const policy = await changePolicy(path, name, edit, io.clock);
  return policyAnswer(policy!, { path, now: io.clock.now(), head });
}

function reasonText(text: string): string {
  if (text !== '' && text.length <= 500 && !/\p{Cc}/u.test(text)) return text;
  throw new InvalidArgumentError('It must be one line of at most 500 characters.');
}

function timeWithZone(text: string): Date {
  const isWhole = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i.test(text);
  const time = new Date(isWhole ? text.replace(' ', 'T') : Number.NaN);
  if (!Number.isNaN(time.getTime()) && isCalendarDay(text.slice(0, 10))) return time;
  throw new InvalidArgumentError('It must be a time with its zone, such as 2026-11-20T18:00:00+01:00.');
}
