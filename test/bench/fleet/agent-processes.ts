import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { AgentPlan, AgentsTold, AgentTask, SaveBegun } from './messages.ts';

const program = join(import.meta.dirname, 'agents.ts');

/** What all agents together have counted since the beginning. */
export interface AgentCounts {
  readonly syncs: number;
  readonly failures: number;
  readonly others: number;
  readonly heard: number;
  /** Agents that were answered since the time that was asked for. */
  readonly answered: number;
}

/** Processes of simulated agents. */
export class AgentProcesses implements AsyncDisposable {
  readonly #processes: ChildProcess[] = [];
  /** All saves that they were ordered to make. */
  readonly saves: SaveBegun[] = [];

  /** Starts them and has all agents join. */
  async join(
    processes: number,
    servers: readonly string[],
    ca: string,
    agents: readonly AgentPlan[],
  ): Promise<void> {
    const each = Math.ceil(agents.length / processes);
    const joining: Promise<unknown>[] = [];
    for (let from = 0; from < agents.length; from += each) {
      const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      this.#processes.push(child);
      joining.push(asked(child, { task: 'join', servers, ca, agents: agents.slice(from, from + each) }));
    }
    await Promise.all(joining);
  }

  /** @param since milliseconds since 1970 */
  async counts(since = 0): Promise<AgentCounts> {
    const all = await Promise.all(this.#processes.map((child) => asked(child, { task: 'tell', since })));
    const sum = { syncs: 0, failures: 0, others: 0, heard: 0, answered: 0 };
    for (const told of all) {
      if (told.told !== 'counts') continue;
      for (const count of ['syncs', 'failures', 'others', 'heard', 'answered'] as const)
        sum[count] += told[count];
      this.saves.push(...told.saves);
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#processes.map(async (child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.send({ task: 'stop' } satisfies AgentTask);
        await ended;
      }),
    );
  }
}

/** The next thing that a process tells. */
async function asked(child: ChildProcess, task: AgentTask): Promise<AgentsTold> {
  const told = await new Promise<AgentsTold>((resolve, reject) => {
    const ended = (): void => reject(new Error('a process of agents has ended'));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as AgentsTold);
    });
    child.send(task);
  });
  if (told.told === 'failed') throw new Error(told.why);
  return told;
}
