import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricTable } from '@holdfast/agent/standalone';
import { PolicyFile } from '@holdfast/model';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const deploy = join(import.meta.dirname, '../../../../deploy');
const read = (path: string): string => readFileSync(join(deploy, path), 'utf8');

/** What an expression names that looks like a metric of ours, and labels that it asks for which that one has not. */
function strangeIn(expression: string): string[] {
  const strange: string[] = [];
  for (const [, name = '', , selector = ''] of expression.matchAll(
    /\b((?:holdfast|process|nodejs)_\w+)(\{([^}]*)\})?/g,
  )) {
    if (!Object.hasOwn(metricTable, name)) {
      strange.push(name);
      continue;
    }
    const labels: readonly string[] = [
      'job',
      'instance',
      ...metricTable[name as keyof typeof metricTable].labels,
    ];
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (!labels.includes(label)) strange.push(`${name}{${label}}`);
  }
  return strange;
}

interface Rules {
  readonly groups: { rules: { alert: string; expr: string; labels: { severity: string } }[] }[];
}

test('the alert rules name only metrics and labels that there are', () => {
  const rules = (parse(read('dashboards/alert-rules.yaml')) as Rules).groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.flatMap(({ expr }) => strangeIn(expr))).toEqual([]);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { labels } of rules) expect(['critical', 'warning']).toContain(labels.severity);
});

interface Dashboard {
  readonly panels: { id: number; title: string; targets: { expr: string; refId: string }[] }[];
  readonly templating: { list: { name: string; query: unknown }[] };
}

test('the dashboard names only metrics that there are, and its panels have ids of their own', () => {
  const { panels, templating } = JSON.parse(read('dashboards/grafana.json')) as Dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.flatMap(strangeIn)).toEqual([]);
  expect(strangeIn(JSON.stringify(templating.list.map(({ query }) => query)))).toEqual([]);
});

test('a name that there is not is seen', () => {
  expect(strangeIn('rate(holdfast_saves_total[5m]) > holdfast_queue_copies{policy="a"}')).toEqual([
    'holdfast_saves_total',
    'holdfast_queue_copies{policy}',
  ]);
});

test('the policies of the examples can be used', () => {
  expect(PolicyFile.parse(parse(read('systemd/policies.yaml'))).policies).toHaveLength(1);
  const documents = parseAllDocuments(read('container/daemonset.yaml')).map(
    (each) => each.toJS() as { kind: string; data?: Record<string, string> },
  );
  expect(documents.map(({ kind }) => kind)).toEqual(['Namespace', 'ConfigMap', 'DaemonSet']);
  const text = documents.find(({ kind }) => kind === 'ConfigMap')!.data!['policies.yaml']!;
  expect(PolicyFile.parse(parse(text)).policies).toHaveLength(1);
});
