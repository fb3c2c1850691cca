import { Failure, limits } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';
import { Option } from 'commander';
import { withRepository } from '../program/options.ts';
import { exactSnapshotArgument } from '../program/selector.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface PinOptions {
  readonly reason: string;
}

export function addPin(parent: Verb): void {
  const verb = parent.command('pin');
  verb
    .description('Keep a snapshot from being deleted, by anybody and by retention, until it is unpinned.')
    .addArgument(exactSnapshotArgument())
    .addOption(
      new Option('--reason <text>', 'why, for those who come later').default('').argParser(reasonText),
    )
    .example('Before an upgrade', "holdfast snapshot pin before-1.34 --reason 'upgrade of 20 November'")
    .answers(async (session, { reason }: PinOptions, name) => pin(session, name, reason));
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

async function pin(session: Session, name: string, reason: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { pinSnapshot } = await import('@holdfast/engine');
  const { cluster } = session.settings;
  return pinAnswer(await pinSnapshot(session.context, repository, { name, cluster, reason }));
}

async function unpin(session: Session, name: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { unpinSnapshot } = await import('@holdfast/engine');
  const { cluster } = session.settings;
  return pinAnswer(await unpinSnapshot(session.context, repository, { name, cluster }));
}

function pinAnswer({ name, pin }: SnapshotEntry): Answer {
  const reason = pin === null || pin.reason === '' ? '' : `: ${pin.reason}`;
  return {
    json: { apiVersion, kind: 'SnapshotPin', name, pinned: pin !== null, pin },
    names: [name],
    text: () => `${name} is ${pin === null ? 'not pinned' : 'pinned'}${reason}\n`,
  };
}
