import type { Work } from './hosted.ts';

/** A process of a part: its pid, and when it began in clock ticks since boot. Null where there is none. */
export interface PartProcess {
  readonly pid: number;
  readonly startedAt: string;
}

/** A part of a node as it is while its restart is waited for. */
export interface PartSight {
  /** Whether whoever runs it says that it is up. */
  readonly up: boolean;
  readonly process: PartProcess | null;
  /** One sentence without a full stop: how that is known. */
  readonly detail: string;
}

/** How it was before the restart. */
export interface PartBefore {
  readonly process: PartProcess | null;
  /** Whether its kubelet answered. */
  readonly answered: boolean;
}

/** Milliseconds that something has to be up that nobody can be asked about. */
export const settledMs = 10_000;

/** Whether it is another process than before. */
export function isRestarted(before: PartBefore, { process }: Pick<PartSight, 'process'>): boolean {
  if (process === null) return false;
  return process.pid !== before.process?.pid || process.startedAt !== before.process.startedAt;
}

/**
 * Whether a part is ready after its restart. The kubelet's own word counts. Where it gives none, and gave none before, it has to
 * be up for a while; one that answered before has to answer again.
 *
 * @param upMs milliseconds since this very process was first seen to be up
 * @param health what its kubelet answers; undefined for a part that has none
 */
export function readiness(
  before: PartBefore,
  now: PartSight & { readonly upMs: number; readonly health: number | string | undefined },
): Work {
  const { up, detail, upMs, health } = now;
  if (!up) return { lacks: detail };
  if (!isRestarted(before, now)) return { lacks: `${detail}, and is the process of before` };
  if (health === 200) return { evidence: `${detail}, and its kubelet answers that it is well` };
  if (typeof health === 'number') return { lacks: `its kubelet answers with status ${health}` };
  if (health !== undefined && before.answered)
    return { lacks: `its kubelet does not answer as it did before: ${health}` };
  if (upMs < settledMs) return { lacks: `${detail} for ${Math.round(upMs / 1_000)} s` };
  return { evidence: `${detail}, for ${Math.round(upMs / 1_000)} s` };
}
