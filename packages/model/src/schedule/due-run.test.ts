import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { spanOf } from '../policy/index.ts';
import { dueRun, type DueAnswer, type DueQuestion, type Missed } from './due-run.ts';

interface Golden {
  /** Why the answers are right. */
  readonly reason: string;
  readonly policy: Partial<DueQuestion>;
  /** In this order; what is due is begun. */
  readonly steps: readonly { readonly now: string; readonly running?: boolean; readonly then: string }[];
}

const folder = new URL('golden/due/', import.meta.url);

describe('what is due is decided as the golden file says:', () => {
  test.each(readdirSync(folder))('%s', (file) => {
    const { reason, policy, steps } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    expect(reason).not.toBe('');
    let question: DueQuestion = {
      schedule: null,
      jitterMs: 0,
      catchUp: true,
      lastScheduled: null,
      lastBegunAt: null,
      knownSince: '',
      pause: null,
      running: false,
      now: new Date(0),
      ...policy,
    };
    const told = steps.map(({ now, running = false }) => {
      const answer = dueRun({ ...question, running, now: new Date(now) });
      if (answer.due) question = { ...question, lastScheduled: answer.scheduledAt, lastBegunAt: now };
      return wordsOf(answer);
    });
    expect(told).toEqual(steps.map(({ then }) => then));
  });
});

function wordsOf(answer: DueAnswer): string {
  if (!answer.due) {
    const head = answer.until === null ? answer.why : `${answer.why} until ${answer.until}`;
    return [head, ...missed('skipped', answer.skipped)].join(', ');
  }
  const { lateMs } = answer;
  const late = lateMs % 1000 === 0 ? spanOf(lateMs) : `${lateMs / 1000}s`;
  return [
    `run for ${answer.scheduledAt}`,
    ...(lateMs === 0 ? [] : [`${late} late`]),
    ...missed('missed', answer.missed),
    ...(answer.clockSetBack ? ['clock set back'] : []),
  ].join(', ');
}

function missed(word: string, value: Missed | null): string[] {
  return value === null ? [] : [`${word} ${value.count} up to ${value.newest}`];
}
