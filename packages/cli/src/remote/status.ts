import type { Answer } from '../term/answer.ts';
import { fleetStatusAnswer } from '../view/fleet-cluster.ts';
import { clusterNamed } from './clusters.ts';
import type { Fleet } from './connection.ts';

/** `status` */
export async function fleetStatus(fleet: Fleet): Promise<Answer> {
  const { client, session } = fleet;
  const { cluster: word } = session.settings;
  const clusters =
    word === undefined ? await Array.fromAsync(client.pages('listClusters')) : [await clusterNamed(fleet)];
  const [only] = word === undefined ? [] : clusters;
  const query = only === undefined ? {} : { cluster: only.id };
  return fleetStatusAnswer(clusters, await Array.fromAsync(client.pages('listAlerts', { query })));
}
