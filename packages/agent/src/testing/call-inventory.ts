/** Gathers the inventory of a machine in a process of its own: asked by its input, as JSON, and answered by its output. */
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { fleetFolder } from '../fleet/folder.ts';
import { gather } from '../fleet/inventory/gather.ts';

/** What is asked. */
export interface InventoryCall {
  readonly stateDir: string;
  readonly endpoints: readonly string[];
}

const asked: Buffer[] = [];
for await (const chunk of process.stdin) asked.push(chunk as Buffer);
const { stateDir, endpoints } = JSON.parse(Buffer.concat(asked).toString()) as InventoryCall;
const { inventory } = await gather(
  {
    ...{ clock: systemClock, clusterName: 'prod', endpoints, stateDir, certificateFiles: [] },
    ...{ folder: fleetFolder(stateDir), clusterFile: undefined },
    connector: async () => (urls) => connectEtcd({ endpoints: urls, clock: systemClock }),
  },
  AbortSignal.timeout(30_000),
);
process.stdout.write(JSON.stringify(inventory));
