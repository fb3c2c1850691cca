import type { ServerContext } from '../context.ts';
import type { Evaluated } from './evaluate.ts';
import { receiverSecret } from './receiver-secret.ts';
import { tell } from './tell.ts';

/**
 * Asks for the address of every heartbeat after an evaluation, as long as all is well, so that whoever listens to it calls
 * when it stops. Well means: the evaluation was made and stored, every other receiver took what it was told last, and,
 * where there is no other receiver, no critical alert is open. With others an open alert does not stop it: they are told.
 *
 * @returns whether all is well
 * @throws Failure of the store
 */
export async function beat(
  { store, sealer, clock, holdfast, log }: ServerContext,
  { critical }: Pick<Evaluated, 'critical'>,
  signal: AbortSignal,
): Promise<boolean> {
  const receivers = await store.receivers.all();
  const others = receivers.filter(({ spec }) => spec.kind !== 'heartbeat');
  const isTold = others.every(({ lastTold }) => lastTold?.ok !== false);
  const isWell = isTold && (others.length > 0 || critical === 0);
  if (!isWell) return false;
  await Promise.all(
    receivers
      .filter(({ spec }) => spec.kind === 'heartbeat')
      .map(async (receiver) => {
        const refused = await tell(receiver.spec, receiverSecret(sealer, receiver), [], { holdfast, signal });
        if (signal.aborted) return;
        if (refused !== undefined)
          log.warn({ receiver: receiver.id, why: refused }, 'a heartbeat is not taken');
        const at = clock.now().toISOString();
        await store.receivers.setTold(receiver.id, { at, ok: refused === undefined, why: refused ?? '' });
      }),
  );
  return true;
}
