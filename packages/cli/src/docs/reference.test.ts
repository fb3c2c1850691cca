import { failureTable } from '@holdfast/base';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { parseSettings } from '../settings/yaml.ts';
import { settingRows } from '../settings/table.ts';
import { buildProgram } from '../program.ts';
import { generateReference } from './index.ts';
import { quietIo } from './quiet-io.ts';

const pages = generateReference();
const page = (name: string): string => pages.get(`docs/reference/${name}.md`)!;

test('the same every time, ending in one line feed, without a path of this machine', () => {
  expect([...generateReference()]).toEqual([...pages]);
  for (const text of pages.values()) {
    expect(text).toMatch(/^<!-- Generated .*-->\n\n# .*[^\n]\n$/s);
    expect(text).not.toContain(process.cwd());
  }
});

test('every failure has its anchor below its exit status', () => {
  for (const [code, { exit }] of Object.entries(failureTable)) {
    const section = page('errors')
      .split(/^## /m)
      .find((each) => each.startsWith(`Exit ${exit}:`));
    expect(section).toContain(`### ${code}\n`);
  }
});

test('every link of the command line leads to a heading', () => {
  const links = [...page('cli').matchAll(/\]\(#([\w-]+)\)/g)].map((match) => match[1]!);
  const headings = [...page('cli').matchAll(/^## (.*)$/gm)].map((match) => match[1]!.replaceAll(' ', '-'));
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !headings.includes(link))).toEqual([]);
});

test('every example calls a command that is there, with options that it has', () => {
  const program = buildProgram(quietIo);
  const examples = [...page('cli').matchAll(/```sh\n(.*?)```/gs)].flatMap((block) =>
    block[1]!.replaceAll('\\\n', ' ').match(/holdfast [a-z][^|)\n]*/g)!,
  );
  expect(examples.length).toBeGreaterThan(15);
  for (const example of examples) {
    let command: Command = program;
    for (const word of example.split(/\s+/).slice(1)) {
      command = command.commands.find((each) => each.name() === word) ?? command;
      if (!word.startsWith('-')) continue;
      const known = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short]);
      expect(known, example).toContain(word);
    }
    expect(command.commands, example).toEqual([]);
  }
});

test('the example of a configuration file is a valid one', () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(page('config')) ?? [];
  const { values, repositories } = parseSettings(example, (line, problem) => {
    throw new Error(`${line}: ${problem}`);
  });
  expect([...values.keys()].length).toBeGreaterThan(6);
  expect(Object.keys(repositories ?? {}).length).toBeGreaterThan(1);
  for (const { variable } of settingRows) expect(page('config')).toContain(variable);
});
