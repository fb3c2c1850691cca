import { Failure, type Clock } from '@holdfast/base';
import { lastWords, tailOf } from '@holdfast/etcd/server-log';
import { whyCannotJoin, type HostDescription } from '@holdfast/model';
import { docker, inspectContainer, type Container } from './docker.ts';
import type { EtcdDriver, HostDriver, HostState } from './driver.ts';
import { notStarted, notStopped, type Hosted } from './hosted.ts';
import { imageVersion } from './image-version.ts';
import { firstMomentsMs, lookAgainMs, stopGraceMs } from './patience.ts';
import type { CommandEnd, HostAccess } from './run-command.ts';

type DockerRun = Extract<HostDescription, { driver: 'docker' }>;

/**
 * Has Docker run it, in a container that is there, as RKE makes them. Stopped is what runs no more and has no restart policy:
 * neither Docker's daemon nor a boot starts that again. A start gives it the policy of the description, which therefore has
 * to be the one that it had.
 */
export function dockerDriver(hosted: Hosted, run: DockerRun, clock: Clock, access: HostAccess): HostDriver {
  const { container } = run;
  const logTail = async (): Promise<string> => {
    const { stdout, stderr } = await docker(access, ['logs', '--tail=200', container]);
    return tailOf(`${stdout}${stderr}`);
  };
  const look = async (signal?: AbortSignal): Promise<Container> => {
    const found = await inspectContainer(access, container, signal);
    if (typeof found === 'string')
      throw new Failure('node-failed', found, { member: hosted.name, step: 'docker inspect' });
    return found;
  };
  const tell = async (fail: Fail, args: readonly string[], signal?: AbortSignal): Promise<void> => {
    const { status, complaint }: CommandEnd = await docker(access, args, signal);
    if (status !== 0) throw fail(hosted, complaint);
  };

  return {
    state: async (signal) => stateOf(container, await look(signal)),
    async stop(signal) {
      const from = clock.monotonic();
      let now = await look(signal);
      const wasRunning = isUp(now);
      // First, or it would be started again; and whether it runs or not: a daemon that starts does so too.
      if (now.restart !== 'no') await tell(notStopped, ['update', '--restart=no', container], signal);
      let told = '';
      while (isUp(now)) {
        if (signal.aborted) throw notStopped(hosted, stateOf(container, now).detail);
        const word = clock.monotonic() - from < stopGraceMs ? 'TERM' : 'KILL';
        // It may have ended meanwhile, which is no failure.
        if (now.running && word !== told)
          await docker(access, ['kill', `--signal=${word}`, container], signal);
        told = word;
        await clock.sleep(lookAgainMs, signal).catch(() => undefined);
        now = await look();
      }
      return wasRunning;
    },
    async start(signal) {
      const before = await look(signal);
      if (!isUp(before)) {
        await tell(notStarted, ['start', container], signal);
        await survive(hosted, clock, signal, look, logTail);
      }
      if ((await look(signal)).restart !== run.restart)
        await tell(notStarted, ['update', `--restart=${run.restart}`, container], signal);
    },
    async whyUnstartable(signal) {
      const found = await inspectContainer(access, container, signal);
      if (typeof found === 'string') return found;
      // Without a policy it is one that was stopped before.
      if (found.restart === 'no' || found.restart === run.restart) return undefined;
      return `container ${container} has the restart policy ${found.restart}, and is described with ${run.restart}: a start would change it`;
    },
    // It lies in an image.
    program: async () => undefined,
    version: async () => imageVersion((await look()).image),
    logTail,
  };
}

/** The same of an etcd. */
export function dockerEtcd(hosted: Hosted, run: DockerRun, clock: Clock, access: HostAccess): EtcdDriver {
  return {
    ...dockerDriver(hosted, run, clock, access),
    async tellJoin(join) {
      const why = join === undefined ? undefined : whyCannotJoin(run);
      if (why !== undefined) throw notStarted(hosted, why);
    },
  };
}

type Fail = (hosted: Hosted, why: string) => Failure;

function isUp({ running, restarting }: Container): boolean {
  return running || restarting;
}

function stateOf(name: string, found: Container): HostState {
  const { status, exitCode, error, pid, restart } = found;
  const ended = status === 'exited' ? ` with exit status ${exitCode}` : '';
  const why = error === '' ? '' : `: ${error}`;
  const detail = `container ${name} is ${status}${ended}${why}, its restart policy is ${restart}`;
  return { running: isUp(found), ...(pid !== undefined && { pid }), detail };
}

async function survive(
  hosted: Hosted,
  clock: Clock,
  signal: AbortSignal,
  look: (signal: AbortSignal) => Promise<Container>,
  tail: () => Promise<string>,
): Promise<void> {
  const until = clock.monotonic() + firstMomentsMs;
  for (;;) {
    const now = await look(signal);
    if (!now.running || now.restarting)
      throw notStarted(hosted, `${stateOf(hosted.name, now).detail}: ${lastWords(await tail())}`);
    if (clock.monotonic() >= until) return;
    await clock.sleep(lookAgainMs, signal);
  }
}
