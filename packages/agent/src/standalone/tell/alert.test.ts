import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alertKinds, keyOf, subjectOf } from './alert.ts';

test('a key tells what an alert is about, also where the repository is an address', () => {
  for (const subject of [
    { kind: 'queue-old', policy: null, repository: null },
    { kind: 'save-failed', policy: 'prod', repository: null },
    { kind: 'not-verified', policy: 'prod', repository: 's3://bucket/etcd' },
  ] as const)
    expect(subjectOf(keyOf(subject))).toEqual(subject);
});

test('the guide says of every alert what it means and what to do', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../../../docs/guides/agent.md'), 'utf8');
  const [, table = ''] = guide.split('## What each alert means');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, kind]) => kind));
  expect(named).toHaveLength(alertKinds.length);
  expect(new Set(named)).toEqual(new Set(alertKinds));
});
