import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../cluster/ports.ts';
import { lastLines, startServer } from '../cluster/server-process.ts';
import { type KubeClient, kubeClient } from './client.ts';
import { type KubeApiserverOptions, type KubeApiserverPlan, planKubeApiserver } from './plan.ts';

/** A kube-apiserver that runs; `await using` kills it and gives its port back. */
export interface KubeApiserver extends AsyncDisposable {
  readonly plan: KubeApiserverPlan;
  readonly pid: number;
  readonly client: KubeClient;
  /** Lets it end by itself, and kills it if it does not within the grace: above an etcd without a quorum it never does. */
  stop(): Promise<void>;
}

const readyWithinMs = 120_000;
const lookAgainMs = 100;
const graceMs = 20_000;

/** Starts one and waits until it is ready. It ends with this process at the latest. */
export async function startKubeApiserver(options: KubeApiserverOptions): Promise<KubeApiserver> {
  const plan = await planKubeApiserver(options);
  const [program, ...args] = plan.command;
  const server = await startServer(program, args, {
    logFile: plan.logFile,
    env: process.env,
    detached: false,
  });
  const client = kubeClient(plan);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (server.ending === undefined) server.signal(signal);
    const killer = setTimeout(() => server.signal('SIGKILL'), graceMs);
    await server.ended();
    clearTimeout(killer);
  };
  const dispose = async (): Promise<void> => {
    await end('SIGKILL');
    freePort(plan.port);
  };
  try {
    const deadline = performance.now() + readyWithinMs;
    while (!(await client.isReady())) {
      if (server.ending !== undefined || performance.now() > deadline)
        throw new Error(
          `kube-apiserver is not ready (${server.ending ?? 'it runs'}):\n${lastLines(plan.logFile)}`,
        );
      await sleep(lookAgainMs);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { plan, pid: server.pid, client, stop: () => end('SIGTERM'), [Symbol.asyncDispose]: dispose };
}
