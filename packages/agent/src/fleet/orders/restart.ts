import { Failure } from '@holdfast/base';
import { NodePart, type OrderInput, type RestartResult } from '@holdfast/model/fleet';
import { z } from 'zod';
import { findNodeParts } from '../../host/node-parts.ts';
import type { PartBefore } from '../../host/part-ready.ts';
import { partBefore, restartPart, type RestartContext } from '../../host/restart-part.ts';
import type { Act, OrderPorts, Result } from './act.ts';

/** What is noted before a part is restarted: whoever goes on after a crash knows by it whether that was done. */
const Begun = z.object({
  part: NodePart,
  before: z.object({
    process: z.object({ pid: z.int(), startedAt: z.string() }).nullable(),
    answered: z.boolean(),
  }),
});

/**
 * Restarts what runs Kubernetes' part of this node, one part after the other, and answers with a RestartResult. Each is
 * restarted once for an order, however often that is begun.
 *
 * @throws Failure node-part-not-ready
 */
export async function restartByOrder(
  { clock }: Pick<OrderPorts, 'clock'>,
  { except }: OrderInput<'restart'>,
  act: Act,
  how: Partial<Pick<RestartContext, 'access' | 'withinMs'>> = {},
): Promise<Result> {
  const { signal } = act;
  const context: RestartContext = { access: {}, clock, signal, ...how };
  const found = await findNodeParts(context.access, signal);
  // Who asks has been told of parts here: a bus that is down must not pass for a machine without any.
  if (found.length === 0)
    throw new Failure('node-part-not-ready', 'neither systemd nor docker tells of any part of Kubernetes', {
      part: 'what runs Kubernetes',
    });
  const restarted: RestartResult['restarted'] = [];
  for (const part of found.filter((each) => !except.includes(each))) {
    let before = begunIn(act.told, part);
    if (before === undefined) {
      before = await partBefore(part, context);
      await act.tell('note', { part, before });
    }
    restarted.push(await restartPart(part, before, context));
  }
  const result: RestartResult = { restarted, left: found.filter((each) => except.includes(each)) };
  return result;
}

function begunIn(told: Act['told'], part: NodePart): PartBefore | undefined {
  return told.map(({ data }) => Begun.safeParse(data).data).find((begun) => begun?.part === part)?.before;
}
