import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandLine } from './quote.ts';

test('plain words stay plain', () => {
  expect(commandLine(['holdfast', '--initial-cluster', 'm1=http://h:2380,m2=http://i:2380'])).toBe(
    'holdfast --initial-cluster m1=http://h:2380,m2=http://i:2380',
  );
});

test('a shell reads back exactly the same words', () => {
  const words = ['a b', "it's", '$HOME', '`id`', '"', '', '*', '~', 'a\nb', '\\'];
  const read = execFileSync('sh', ['-c', `printf '%s\\0' ${commandLine(words)}`], { encoding: 'utf8' });
  expect(read.split('\0').slice(0, -1)).toEqual(words);
});
