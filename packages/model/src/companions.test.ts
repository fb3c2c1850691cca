import { expect, test } from 'vitest';
import { companionsOutcome, type CompanionsOutcome } from './companions.ts';

test.each<[CompanionsOutcome[], CompanionsOutcome]>([
  [[], 'unknown'],
  [['ok', 'ok'], 'ok'],
  [['ok', 'unknown'], 'unknown'],
  [['warned', 'unknown', 'ok'], 'warned'],
  [['ok', 'failed', 'warned'], 'failed'],
])('%j together are %s', (outcomes, together) => {
  const findings = outcomes.map((outcome) => ({ check: 'files', outcome, sentence: '', evidence: {} }));
  expect(companionsOutcome({ findings })).toBe(together);
});
