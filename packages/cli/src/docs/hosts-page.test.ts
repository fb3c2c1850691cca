import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostDescription } from '@holdfast/model';
import { expect, test } from 'vitest';
import { parseClusterFile } from '../sources/cluster-file.ts';

const page = await readFile(join(import.meta.dirname, '../../../../docs/guides/hosts.md'), 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
const drivers = HostDescription.options.map(({ shape }) => shape.driver.value);

test('every cluster file of the page is a valid one, and together they have every driver', async () => {
  const files = await Promise.all(examples.map((text) => parseClusterFile(text, 'docs/guides/hosts.md')));
  const used = files.flatMap(({ members }) => members.map(({ run }) => run.driver));
  expect(used.toSorted()).toEqual(drivers.toSorted());
});

test.each(drivers)('the table has the driver %s', (driver) => {
  expect(page).toContain(`\n| \`${driver}\` | `);
});
