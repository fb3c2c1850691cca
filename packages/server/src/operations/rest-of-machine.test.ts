import type { PlannedStep } from '@holdfast/model';
import { expect, test } from 'vitest';
import { withRestOfMachine } from './rest-of-machine.ts';

const placement = { m1: 'n-a', 'api-1': 'n-a', idle: 'n-a', m2: 'n-b', 'api-2': 'n-b' };
const steps = ['m1', 'm2', 'api-1', 'api-2'].map((member) => ({ member }) as PlannedStep);

test('who vouches for a member vouches for all that its machine carries and the restore does something with', () => {
  expect(withRestOfMachine([{ member: 'm1', reason: 'it burnt down' }], placement, steps)).toEqual([
    { member: 'm1', reason: 'it burnt down' },
    { member: 'api-1', reason: 'it burnt down' },
  ]);
});

test('what was vouched for by name keeps its own reason, and is told once', () => {
  const both = [
    { member: 'm1', reason: 'it burnt down' },
    { member: 'api-1', reason: 'so did this' },
  ];
  expect(withRestOfMachine(both, placement, steps)).toEqual(both);
});

test('of nobody nothing follows', () => {
  expect(withRestOfMachine([], placement, steps)).toEqual([]);
});
