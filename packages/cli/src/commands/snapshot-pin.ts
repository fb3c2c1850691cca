import { Failure, limits } from '@holdfast/base';
import { spanMs } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import { Option } from 'commander';
import { isCalendarDay } from '../program/calendar-day.ts';
import { withRepository } from '../program/options.ts';
import { exactSnapshotArgument } from '../program/selector.ts';
import { lengthOfTime } from '../program/span.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface PinOptions {
  readonly reason: string;
  readonly until?: Date;
  readonly for?: string;
}

export function addPin(parent: Verb): void {
  const verb = parent.command('pin');
  verb
    .description(
      'Keep a snapshot from being deleted, by anybody and by retention, until it is unpinned or a time.',
    )
    .addArgument(exactSnapshotArgument())
    .addOption(
      new Option('--reason <text>', 'why, for those who come later').default('').argParser(reasonText),
    )
    .addOption(
      new Option('--until <time>', 'when the pin ends by itself, such as 2027-01-31 (UTC)')
        .argParser(timeText)
        .conflicts('for'),
    )
    .addOption(new Option('--for <span>', 'how long it holds, such as 30d').argParser(lengthOfTime))
    .example('Before an upgrade', "holdfast snapshot pin before-1.34 --reason 'upgrade of 20 November'")
    .example('For three months', 'holdfast snapshot pin before-1.34 --for 90d')
    .remark('A pinned snapshot keeps the pin that it has; unpin it first to give it another end or reason.')
    .answers(async (session, options: PinOptions, name) => pin(session, name, options));
  withRepository(verb);
}

export function addUnpin(parent: Verb): void {
  const verb = parent.command('unpin');
  verb
    .description('Take the pin off a snapshot.')
    .addArgument(exactSnapshotArgument())
    .example('When it may go', 'holdfast snapshot unpin before-1.34')
    .answers(async (session, _options, name) => unpin(session, name));
  withRepository(verb);
}

/** One line that fits into the record of a pin, and does no more to a screen than stand there. */
function reasonText(text: string): string {
  if (text.length <= limits.pinReasonLength && !/\p{Cc}/u.test(text)) return text;
  throw new Failure('usage', `--reason must be one line of at most ${limits.pinReasonLength} characters`);
}

/** A date or a time with its zone. */
function timeText(text: string): Date {
  const time = new Date(text);
  if (
    /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text) &&
    !Number.isNaN(time.getTime()) &&
    isCalendarDay(text.slice(0, 10))
  )
    return time;
  throw new Failure('usage', `${JSON.stringify(text)} is neither a date nor a time as 2027-01-31T18:00Z`);
}

async function pin(session: Session, name: string, options: PinOptions): Promise<Answer> {
  const { reason, for: span } = options;
  const now = session.io.clock.now();
  const until = span === undefined ? options.until : new Date(now.getTime() + spanMs(span));
  if (until !== undefined && until.getTime() <= now.getTime())
    throw new Failure('usage', `the pin would end at ${until.toISOString()}, which is over`);
  const repository = await openRepository(session);
  const { pinSnapshot } = await import('@holdfast/engine');
  const { cluster } = session.settings;
  return pinAnswer(await pinSnapshot(session.context, repository, { name, cluster, reason, until }));
}

async function unpin(session: Session, name: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { unpinSnapshot } = await import('@holdfast/engine');
  const { cluster } = session.settings;
  return pinAnswer(await unpinSnapshot(session.context, repository, { name, cluster }));
}

function pinAnswer({ name, pin }: SnapshotEntry): Answer {
  const until = pin === null || pin.until === null ? '' : ` until ${pin.until}`;
  const reason = pin === null || pin.reason === '' ? '' : `: ${pin.reason}`;
  return {
    json: { apiVersion, kind: 'SnapshotPin', name, pinned: pin !== null, pin },
    names: [name],
    text: () => `${name} is ${pin === null ? 'not pinned' : 'pinned'}${until}${reason}\n`,
  };
}
