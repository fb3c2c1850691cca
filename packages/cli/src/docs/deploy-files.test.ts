import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricTable } from '@holdfast/agent/standalone';
import { PolicyFile } from '@holdfast/model';
import { serverMetricTable } from '@holdfast/server';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const deploy = join(import.meta.dirname, '../../../../deploy');
const read = (path: string): string => readFileSync(join(deploy, path), 'utf8');

/** Metrics by their names, with their labels. */
type Table = Readonly<Record<string, { readonly type: string; readonly labels: readonly string[] }>>;

/** Those of the server; of its process it tells what every one does that uses the usual library. */
const serverTable: Table = {
  ...serverMetricTable,
  process_cpu_seconds_total: { type: 'counter', labels: [] },
  process_resident_memory_bytes: { type: 'gauge', labels: [] },
};

/** A histogram is asked for by its parts. */
function metricNamed(name: string, table: Table): Table[string] | undefined {
  if (Object.hasOwn(table, name)) return table[name];
  const [, of = '', part] = /^(\w+)_(bucket|sum|count)$/.exec(name) ?? [];
  const whole = Object.hasOwn(table, of) ? table[of] : undefined;
  if (whole?.type !== 'histogram') return undefined;
  return part === 'bucket' ? { ...whole, labels: [...whole.labels, 'le'] } : whole;
}

/** What an expression names that looks like a metric of ours, and labels that it asks for which that one has not. */
function strangeIn(expression: string, table: Table = metricTable): string[] {
  const strange: string[] = [];
  for (const [, name = '', , selector = ''] of expression.matchAll(
    /\b((?:holdfast|process|nodejs)_\w+)(\{([^}]*)\})?/g,
  )) {
    const metric = metricNamed(name, table);
    if (metric === undefined) {
      strange.push(name);
      continue;
    }
    const labels: readonly string[] = ['job', 'instance', ...metric.labels];
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (!labels.includes(label)) strange.push(`${name}{${label}}`);
  }
  return strange;
}

interface Rules {
  readonly groups: { rules: { alert: string; expr: string; labels: { severity: string } }[] }[];
}

test.each<[string, Table]>([
  ['alert-rules.yaml', metricTable],
  ['holdfast-server-rules.yaml', serverTable],
])('the alert rules of %s name only metrics and labels that there are', (file, table) => {
  const rules = (parse(read(`dashboards/${file}`)) as Rules).groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.flatMap(({ expr }) => strangeIn(expr, table))).toEqual([]);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { labels } of rules) expect(['critical', 'warning']).toContain(labels.severity);
});

interface Dashboard {
  readonly panels: { id: number; title: string; targets: { expr: string; refId: string }[] }[];
  readonly templating: { list: { name: string; query: unknown }[] };
}

test.each<[string, Table]>([
  ['grafana.json', metricTable],
  ['grafana-fleet.json', serverTable],
])(
  'the dashboard %s names only metrics that there are, and its panels have ids of their own',
  (file, table) => {
    const { panels, templating } = JSON.parse(read(`dashboards/${file}`)) as Dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.flatMap((each) => strangeIn(each, table))).toEqual([]);
    expect(strangeIn(JSON.stringify(templating.list.map(({ query }) => query)), table)).toEqual([]);
  },
);

test('a name that there is not is seen', () => {
  expect(strangeIn('rate(holdfast_saves_total[5m]) > holdfast_queue_copies{policy="a"}')).toEqual([
    'holdfast_saves_total',
    'holdfast_queue_copies{policy}',
  ]);
  const parts =
    'holdfast_server_store_seconds_bucket{le="1"} holdfast_server_store_seconds holdfast_fleet_nodes_sum';
  expect(strangeIn(parts, serverTable)).toEqual(['holdfast_fleet_nodes_sum']);
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
