import { describe, expect, test } from 'vitest';
import { inTurn } from './turn.ts';

const cases = Array.from({ length: 37 }, (_, at) => at);

describe('the cases of a matrix whose turn it is', () => {
  test('are each tried once in as many days as there are turns, about as many a day', () => {
    const days = [0, 1, 2, 3].map((day) => inTurn(cases, 4, String(day)));
    expect(days.flat().toSorted((a, b) => a - b)).toEqual(cases);
    expect(days.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([9, 9, 9, 10]);
    expect(inTurn(cases, 4, '4')).toEqual(days[0]);
  });

  test('are all, on demand', () => {
    expect(inTurn(cases, 4, 'all')).toEqual(cases);
  });

  test('are none of a word that nobody knows', () => {
    expect(() => inTurn(cases, 4, 'al')).toThrow('HOLDFAST_TURN is al, neither');
  });
});
