import type { GatewayTransport } from '../gateway/transport.ts';
import { memberArguments, memberEnvironment } from './member-command.ts';
import type { ClusterPlan, PlannedMember } from './plan.ts';
import { lastLines, type ServerProcess, startServer } from './server-process.ts';

/** A member of a running cluster. */
export interface EtcdMember extends PlannedMember {
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly paused: boolean;
}

/** A member with what moves it. */
export interface MovableMember extends EtcdMember {
  start(): Promise<void>;
  /** Lets it end by itself, and kills it if it does not within the grace. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Throws with the last lines of its log if it ended without being told to. */
  check(): void;
  isHealthy(gateway: Pick<GatewayTransport, 'get'>): Promise<boolean>;
}

const graceMs = 20_000;

/** A member that does not run yet. */
export function movableMember(plan: ClusterPlan, planned: PlannedMember): MovableMember {
  let server: ServerProcess | undefined;
  let paused = false;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = server;
    server = undefined;
    if (ending === undefined || ending.ending !== undefined) return;
    ending.signal(signal);
    if (paused) ending.signal('SIGCONT');
    paused = false;
    const killer = setTimeout(() => ending.signal('SIGKILL'), graceMs);
    await ending.ended();
    clearTimeout(killer);
  }

  return {
    ...planned,
    get pid() {
      return server?.ending === undefined ? server?.pid : undefined;
    },
    get paused() {
      return paused;
    },
    async start() {
      if (server !== undefined && server.ending === undefined)
        throw new Error(`${planned.name} runs already`);
      server = await startServer(plan.binaries.etcd, memberArguments(plan, planned), {
        logFile: planned.logFile,
        env: memberEnvironment(plan),
        detached: plan.options.detached ?? false,
      });
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause() {
      server?.signal('SIGSTOP');
      paused = true;
    },
    resume() {
      server?.signal('SIGCONT');
      paused = false;
    },
    check() {
      if (server?.ending === undefined) return;
      const log = lastLines(planned.logFile);
      throw new Error(
        `etcd ${plan.binaries.version} ${planned.name} ended (${server.ending}); its log ends with:\n${log}`,
      );
    },
    async isHealthy(gateway) {
      try {
        const { status, text } = await gateway.get('/health');
        return status === 200 && /"health":\s*"?true/.test(text);
      } catch {
        return false;
      }
    },
  };
}
