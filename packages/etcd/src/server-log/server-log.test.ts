import { expect, test } from 'vitest';
import { lastWords, tailOf } from './server-log.ts';

const info = '{"level":"info","msg":"closed etcd server"}';

test.each([
  ['nothing', '', 'it said nothing'],
  ['the last line, where none tells more', `a\n${info}\n`, 'closed etcd server'],
  [
    'what its logger gave up on',
    `${info}\n{"level":"fatal","msg":"discovery failed","error":"mkdir member/snap: not a directory"}\n${info}`,
    'discovery failed: mkdir member/snap: not a directory',
  ],
  [
    'a panic, not its stack',
    'panic: index 3 is out of range\n\ngoroutine 1 [running]:\nmain.main()\n',
    'panic: index 3 is out of range',
  ],
  [
    'a wrong flag, not the help behind it',
    `${info}\nflag provided but not defined: -no-such\nUsage:\n${'  --flag\n'.repeat(300)}`,
    'flag provided but not defined: -no-such',
  ],
])('the last words are %s', (_, log, words) => {
  expect(lastWords(tailOf(log))).toBe(words);
});
