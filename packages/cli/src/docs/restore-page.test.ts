import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stepEntry, stepKinds, type StepKind } from '@holdfast/model';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../program.ts';
import { parseClusterFile } from '../sources/cluster-file.ts';
import { quietIo } from './quiet-io.ts';

const root = join(import.meta.dirname, '../../../..');
const page = await readFile(join(root, 'docs/restore.md'), 'utf8');

/** `5 min + 50 s/GB` */
function limitOf(kind: StepKind): string {
  const { limitMs, limitPerByteMs } = stepEntry(kind);
  const fixed = limitMs < 60_000 ? `${limitMs / 1000} s` : `${limitMs / 60_000} min`;
  return limitPerByteMs === undefined ? fixed : `${fixed} + ${Math.round(limitPerByteMs * 1e6)} s/GB`;
}

test.each(stepKinds)('the table of steps has %s as the code has it', (kind) => {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`));
  const [, does, resumed, undone, limit] = (row ?? '').split(' | ').map((cell) => cell.replace(/ \|$/, ''));
  const entry = stepEntry(kind);
  expect([does, limit]).toEqual([entry.does, limitOf(kind)]);
  expect(resumed).not.toBe('');
  if (entry.undone !== null) expect(undone).toBe(entry.undone);
  if (entry.final === true) expect(undone).toContain('cannot be undone');
});

test('every check that the code makes is named', async () => {
  const folder = join(root, 'packages/engine/src/restore');
  const files = (await readdir(folder, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const made = new Set(texts.flatMap((text) => text.match(/(?<=')[PQ]\d{1,2}(?=')/g) ?? []));
  const told = new Set([...page.matchAll(/^\| ([PQ]\d{1,2}) \|/gm)].map((match) => match[1]!));
  expect([...told].toSorted()).toEqual([...made].toSorted());
});

test('the cluster file of the page is a valid one, with both drivers', async () => {
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const { members, controlPlane } = await parseClusterFile(text, 'docs/restore.md');
  expect(members.map(({ run }) => run.driver)).toEqual(['systemd', 'process']);
  expect(controlPlane.map(({ component, run }) => [component, run.driver])).toEqual([
    ['kube-apiserver', 'systemd'],
    ['kube-scheduler', 'process'],
  ]);
});

test('every command of the page is there, with the options that it has', () => {
  const program = buildProgram(quietIo);
  const commands = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(
    (block) =>
      block[1]!
        .replaceAll('\\\n', ' ')
        .replaceAll(/ #.*$/gm, '')
        .match(/holdfast [a-z][^|>\n]*/g) ?? [],
  );
  expect(commands.length).toBeGreaterThan(5);
  for (const text of commands) {
    let command: Command = program;
    for (const word of text.trim().split(/\s+/).slice(1)) {
      command = command.commands.find((each) => each.name() === word) ?? command;
      if (!word.startsWith('-')) continue;
      const known = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short]);
      expect(known, text).toContain(word);
    }
    expect(command.commands, text).toEqual([]);
  }
});
