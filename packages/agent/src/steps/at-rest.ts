import { isFailure, type Clock } from '@holdfast/base';
import type { StepEvidence } from '@holdfast/engine';
import type { Host } from '../host/driver.ts';
import { proveStarted, proveStopped } from '../host/proof.ts';

/** What is stopped and started again, and by which clock and signal. */
export interface Stoppable extends Host {
  readonly context: { readonly signal: AbortSignal; readonly clock: Clock };
}

/** Milliseconds for which one is waited for that may have been unable to run before. */
const doubtMs = 30_000;

/**
 * Stops it and proves that nothing is left of it.
 *
 * @throws Failure etcd-not-stopped or component-not-stopped
 */
export async function bringToRest({ hosted, driver, context }: Stoppable): Promise<StepEvidence> {
  await driver.stop(context.signal);
  return proveStopped(hosted, driver, context.signal, context.clock);
}

/**
 * Before anything is renamed: nothing may be under an etcd that runs. One that a boot has started, or that systemd starts
 * again and again though its name is barred, is stopped. Its ports do not matter: they may be another program's by now.
 *
 * @throws Failure etcd-not-stopped
 */
export async function freeData({ hosted, driver, context }: Stoppable): Promise<void> {
  await bringToRest({ hosted: { ...hosted, urls: [] }, driver, context });
}

/** Starts it and proves that it does its work. */
export async function bringUp(
  { hosted, driver, context }: Stoppable,
  patienceMs?: number,
): Promise<StepEvidence> {
  await driver.start(context.signal);
  return proveStarted(hosted, driver, context.signal, context.clock, patienceMs);
}

/**
 * Brings it up again as it was before the restore. It may have been told to end and not have ended yet: one that is only
 * about to die must not pass for running.
 *
 * @param served whether it did its work before: one that did not may be unable to, and then there is a warning of it
 * @throws Failure etcd-not-started or component-not-started when it did
 */
export async function bringBack(what: Stoppable, served: boolean): Promise<StepEvidence> {
  await bringToRest(what);
  try {
    return await bringUp(what, served ? undefined : doubtMs);
  } catch (error) {
    const { hosted, context } = what;
    if (served || context.signal.aborted || !isFailure(error, hosted.codes.notStarted)) throw error;
    const warning = `${hosted.name} did not serve before the restore, and does not now: ${error.why}`;
    return { started: false, warning };
  }
}
