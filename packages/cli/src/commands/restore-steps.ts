import { formatDuration } from '@holdfast/base';
import type { JournalRecord, PlannedStep, RestorePlan } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { printable } from '../term/printable.ts';

/**
 * Tells every step on stderr as the journal gets it, for a person who watches: `[7/27] Shutdown  stop m2 …`, then
 * `… done in 1.2s`. On a terminal the first is replaced by the second. Nothing under `--quiet`, nor where stderr is for
 * machines.
 */
export function stepLines(session: Session, verb: Verb, plan: RestorePlan): (record: JournalRecord) => void {
  const { io, format, context } = session;
  const isTerminal = io.stderr.isTTY === true;
  const { quiet } = verb.optsWithGlobals<{ quiet?: true }>();
  if (quiet === true || (format === 'json' && !isTerminal)) return () => {};
  const began = new Map<number, number>();
  const say = (line: string): void => {
    session.clear();
    io.stderr.write(printable(`${line}\n`));
  };
  return (record) => {
    const step = plan.steps[(record.step ?? 0) - 1];
    if (step === undefined) {
      const why = whyOf(record);
      if (record.event === 'back') say(`Putting everything back as it was${why === '' ? '' : `: ${why}`}`);
      return;
    }
    const place = placeOf(step, plan);
    if (record.event === 'begin' || record.event === 'undo') {
      began.set(step.number, Date.parse(record.at));
      const again = record.event === 'begin' ? record.evidence?.['warning'] : undefined;
      const isAgain = typeof again === 'string';
      const text = `${place}${record.event === 'undo' ? ': undoing' : isAgain ? ` again, since ${again}` : ''} …`;
      // What had to be done once more stays to be read.
      if (isTerminal && !isAgain) context.onProgress?.({ phase: text, done: 0 });
      else say(text);
      return;
    }
    const from = began.get(step.number);
    began.delete(step.number);
    // A step with nothing to undo is only noted.
    if (from === undefined && record.event === 'undone') return;
    const at = Date.parse(record.at);
    say(`${place}: ${endOf(record, formatDuration(at - (from ?? at)))}`);
  };
}

function placeOf({ number, phase, kind, member }: PlannedStep, { steps }: RestorePlan): string {
  return `[${number}/${steps.length}] ${phase}  ${kind} ${member ?? 'cluster'}`;
}

function endOf(record: JournalRecord, took: string): string {
  if (record.event === 'failed') return `failed after ${took}: ${whyOf(record)}`;
  if (record.event === 'stuck') return `cannot be undone: ${whyOf(record)}`;
  const warning = record.evidence?.['warning'];
  return `${record.event} in ${took}${typeof warning === 'string' ? `, but: ${warning}` : ''}`;
}

function whyOf({ evidence }: JournalRecord): string {
  const why = evidence?.['why'];
  // The rest of a longer one stands in the failure itself.
  return typeof why === 'string' ? (why.split('\n')[0] ?? '') : '';
}
