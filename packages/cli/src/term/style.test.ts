import { expect, test } from 'vitest';
import { styleFor } from './style.ts';

const terminal = { write: () => {}, isTTY: true };
const pipe = { write: () => {} };

test.each([
  ['a terminal', terminal, {}, true, true],
  ['a pipe', pipe, {}, true, false],
  ['a dumb terminal', terminal, { TERM: 'dumb' }, true, false],
  ['NO_COLOR', terminal, { NO_COLOR: '1' }, true, false],
  ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, true, true],
  ['FORCE_COLOR on a pipe', pipe, { FORCE_COLOR: '1' }, true, true],
  ['FORCE_COLOR=0 on a terminal', terminal, { FORCE_COLOR: '0' }, true, false],
  ['--no-color over FORCE_COLOR', terminal, { FORCE_COLOR: '1' }, false, false],
])('%s', (_name, sink, env, wanted, coloured) => {
  expect(styleFor(sink, env, wanted)('good', 'ok') !== 'ok').toBe(coloured);
});
