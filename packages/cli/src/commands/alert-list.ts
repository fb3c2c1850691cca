import type { FleetAlert } from '@holdfast/model/fleet';
import { withCluster, withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNamed, clusterNames } from '../remote/clusters.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { ago } from '../term/when.ts';

interface ListOptions {
  readonly all?: true;
}

export function addAlertList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the alerts of a server.')
    .option('--all', 'those that are over as well')
    .example('Of one cluster, with what to do', 'holdfast alert list --cluster prod -o wide')
    .answers(async (session, options: ListOptions) => withFleet(session, (fleet) => list(fleet, options)));
  withServer(withCluster(verb));
}

async function list(fleet: Fleet, { all }: ListOptions): Promise<Answer> {
  const { cluster: word } = fleet.session.settings;
  const cluster = word === undefined ? undefined : (await clusterNamed(fleet)).id;
  const items = await Array.fromAsync(fleet.client.pages('listAlerts', { query: { cluster } }));
  // The server lists either those that are open or those that are over.
  if (all === true)
    for await (const over of fleet.client.pages('listAlerts', { query: { cluster, resolved: 'true' } }))
      items.push(over);
  const names = await clusterNames(fleet);
  return {
    json: { apiVersion, kind: 'AlertList', items },
    names: items.map(({ key }) => key),
    text: (view) => (items.length === 0 ? 'No alerts.\n' : alertsText(items, names, view)),
  };
}

function alertsText(items: readonly FleetAlert[], names: ReadonlyMap<string, string>, view: View): string {
  const head = ['SEVERITY', 'ALERT', 'CLUSTER', 'OF', 'SINCE', 'WHAT'];
  return table(
    view.wide ? [...head, 'NEXT'] : head,
    items.map(({ severity, kind, cluster, of, since, what, next, resolvedAt }) => [
      resolvedAt !== null ? 'over' : view.style(severity === 'critical' ? 'bad' : 'doubtful', severity),
      kind,
      cluster === null ? '-' : (names.get(cluster) ?? cluster),
      of || '-',
      ago(since, view.now),
      what,
      ...(view.wide ? [next] : []),
    ]),
  );
}
