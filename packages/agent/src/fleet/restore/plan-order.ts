import { planRestore } from '@holdfast/engine';
import type { OrderInput } from '@holdfast/model/fleet';
import { contextOf } from '../../standalone/jobs/context.ts';
import type { Act, OrderPorts, Result } from '../orders/act.ts';
import { placedNodes } from './placed-nodes.ts';

/** Makes the plan of a restore, which it answers with. Changes nothing. */
export async function planByOrder(
  ports: OrderPorts,
  { request, description, placement, by }: OrderInput<'plan'>,
  act: Act,
): Promise<Result> {
  const { jobs } = ports;
  const { snapshot, way, survivor, replace, strategy, seed, members, attest, skips, clone, scope } = request;
  const repository =
    request.repository === undefined ? undefined : await jobs.open(request.repository, act.signal);
  return await planRestore(
    { ...contextOf(jobs, act.signal), onProgress: (progress) => act.progress({ ...progress }) },
    {
      ...{ description, attest, skips, clone, scope, by },
      nodes: placedNodes(ports, placement, act),
      connect: await ports.connector(),
      ...(repository !== undefined && { repository }),
      ...(snapshot !== undefined && snapshot !== 'latest' && { snapshot }),
      ...(way !== undefined && { way }),
      ...(survivor !== undefined && { survivor }),
      ...(replace !== undefined && { replace }),
      ...(strategy !== undefined && { strategy }),
      ...(seed !== undefined && { seed }),
      ...(members !== undefined && { members }),
    },
  );
}
