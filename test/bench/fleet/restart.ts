import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentProcesses } from './agent-processes.ts';
import type { ServerProcess } from './server-process.ts';

/** A server that was away for a while: how long after its start all agents were answered again, and what that cost it. */
export interface Restart {
  readonly agents: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Resident memory when all were there again. */
  readonly bytes: number;
}

const awayMs = 10_000;
const lookMs = 250;
const longestMs = 300_000;

/** @param startAgain starts it where it was, with what it had */
export async function restart(
  server: ServerProcess,
  startAgain: () => Promise<ServerProcess>,
  { agents, count }: { readonly agents: AgentProcesses; readonly count: number },
): Promise<Restart> {
  await server.kill('SIGTERM');
  await sleep(awayMs);
  const since = Date.now();
  const again = await startAgain();
  const begun = { at: performance.now(), cpuMs: again.used().cpuMs };
  while ((await agents.counts(since)).answered < count) {
    if (performance.now() - begun.at > longestMs) throw new Error('not all agents have come back');
    await sleep(lookMs);
  }
  const { cpuMs, bytes } = again.used();
  const seconds = (performance.now() - begun.at) / 1000;
  return { agents: count, seconds, cpuSeconds: (cpuMs - begun.cpuMs) / 1000, bytes };
}
