import { Failure, formatDuration, type Clock } from '@holdfast/base';
import { lastWords, tailOf } from '@holdfast/etcd/server-log';
import type { NodePart, RestartResult } from '@holdfast/model/fleet';
import { docker, inspectContainer } from './docker.ts';
import { kubeletHealth } from './kubelet-health.ts';
import { containerOf } from './node-parts.ts';
import { isRestarted, readiness, type PartBefore, type PartProcess, type PartSight } from './part-ready.ts';
import { startOf } from './processes.ts';
import type { CommandEnd, HostAccess } from './run-command.ts';
import { journal, systemctl, unitProperties } from './systemctl.ts';

/** Milliseconds in which a part has to be ready: a kubelet looks at every container and image first. */
const readyWithinMs = 300_000;
const lookAgainMs = 250;
/** Seconds that a container may take to end by itself. */
const dockerGraceS = 20;

/** What a restart is done with. */
export interface RestartContext {
  readonly access: HostAccess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds in which a part has to be ready; five minutes unless it is given. */
  readonly withinMs?: number;
}

/** How a part is before its restart. @throws Failure node-part-not-ready where nobody can tell; the signal's reason */
export async function partBefore(part: NodePart, { access, signal }: RestartContext): Promise<PartBefore> {
  const { process } = await look(part, access, signal);
  return { process, answered: (await healthOf(part, process?.pid, signal)) === 200 };
}

/**
 * Restarts a part, and waits until it is ready again. One that is another process than `before` already was restarted, by
 * whoever did not come to see its end, and is only waited for.
 *
 * @throws Failure node-part-not-ready; the signal's reason
 */
export async function restartPart(
  part: NodePart,
  before: PartBefore,
  context: RestartContext,
): Promise<RestartResult['restarted'][number]> {
  const { access, clock, signal, withinMs = readyWithinMs } = context;
  const from = clock.monotonic();
  if (!isRestarted(before, await look(part, access, signal))) {
    const { status, complaint } = await restart(part, access, signal);
    if (status !== 0) throw notReady(part, complaint);
  }
  let up: { readonly pid: number | undefined; readonly since: number } | undefined;
  for (;;) {
    const sight = await look(part, access, signal);
    const now = clock.monotonic();
    const pid = sight.process?.pid;
    if (!sight.up) up = undefined;
    else if (up?.pid !== pid) up = { pid, since: now };
    const health = sight.up ? await healthOf(part, pid, signal) : undefined;
    const work = readiness(before, { ...sight, upMs: up === undefined ? 0 : now - up.since, health });
    const tookMs = Math.round(clock.monotonic() - from);
    if ('evidence' in work)
      return {
        ...{ part, pidBefore: before.process?.pid ?? null, pidAfter: pid ?? null, tookMs },
        evidence: work.evidence,
      };
    if (tookMs >= withinMs) {
      const said = lastWords(await logTail(part, access));
      throw notReady(part, `after ${formatDuration(tookMs)} ${work.lacks}${said === '' ? '' : `: ${said}`}`);
    }
    await clock.sleep(lookAgainMs, signal);
  }
}

function notReady(part: NodePart, why: string): Failure {
  return new Failure('node-part-not-ready', why, { part });
}

/** RKE's proxy is no kubelet; all others have one. */
async function healthOf(
  part: NodePart,
  pid: number | undefined,
  signal: AbortSignal,
): Promise<number | string | undefined> {
  return part === 'docker/kube-proxy' ? undefined : await kubeletHealth(pid, signal);
}

async function restart(part: NodePart, access: HostAccess, signal: AbortSignal): Promise<CommandEnd> {
  const container = containerOf(part);
  if (container !== undefined)
    return await docker(access, ['restart', `--time=${dockerGraceS}`, container], signal);
  // One that died too often is not started again before this.
  await systemctl(access, ['reset-failed', part], signal);
  return await systemctl(access, ['restart', '--no-block', part], signal);
}

async function look(part: NodePart, access: HostAccess, signal: AbortSignal): Promise<PartSight> {
  const container = containerOf(part);
  if (container !== undefined) {
    const found = await inspectContainer(access, container, signal);
    if (typeof found === 'string') throw notReady(part, found);
    const up = found.running && !found.restarting;
    return {
      up,
      process: await processOf(found.pid),
      detail: `container ${container} is ${found.status}`,
    };
  }
  const found = await unitProperties(access, part, ['ActiveState', 'SubState', 'MainPID'], signal);
  if ('unknown' in found) throw notReady(part, found.unknown);
  return {
    up: found.ActiveState === 'active',
    process: await processOf(Number(found.MainPID) || undefined),
    detail: `${part} is ${found.ActiveState} (${found.SubState})`,
  };
}

async function processOf(pid: number | undefined): Promise<PartProcess | null> {
  if (pid === undefined) return null;
  const startedAt = await startOf(pid).catch(() => undefined);
  return startedAt === undefined ? null : { pid, startedAt };
}

async function logTail(part: NodePart, access: HostAccess): Promise<string> {
  const container = containerOf(part);
  if (container === undefined) return tailOf(await journal(access, part, 50));
  const { stdout, stderr } = await docker(access, ['logs', '--tail=50', container]);
  return tailOf(`${stdout}${stderr}`);
}
