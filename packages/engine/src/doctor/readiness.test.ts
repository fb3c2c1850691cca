import { expect, it } from 'vitest';
import { type ReadinessFacts, readinessOf } from './readiness.ts';

const all: ReadinessFacts = {
  fresh: true,
  elsewhere: true,
  sealed: true,
  signed: true,
  companions: true,
  drilled: true,
  scheduled: true,
};

it('is 100 where everything is there, and what is not known counts for nothing', () => {
  expect(readinessOf(all).score).toBe(100);
  for (const item of Object.keys(all)) {
    const { score, items } = readinessOf({ ...all, [item]: undefined });
    const own = items.find((each) => each.item === item)!;
    expect(own.outcome).toBe('unknown');
    expect(score).toBe(100 - own.points);
  }
});

it('is small without a proof and a copy elsewhere, whatever else is there', () => {
  expect(readinessOf({ ...all, fresh: false, elsewhere: false }).score).toBe(50);
});
