import type { AgentsTold, AgentTask } from './messages.ts';
import { type Counts, SimulatedAgent } from './simulated-agent.ts';

/*
 * A process of simulated agents. It is told over the channel to the process that has made it whom to be, and ends with that.
 */

/** That join at the same time. */
const atOnce = 16;

const counts: Counts = { syncs: 0, failures: 0, others: 0, heard: 0, saves: [] };
const stop = new AbortController();
const all: SimulatedAgent[] = [];

function tell(message: AgentsTold): void {
  process.send?.(message);
}

async function join({ servers, ca, agents }: Extract<AgentTask, { task: 'join' }>): Promise<void> {
  all.push(...agents.map((plan) => new SimulatedAgent(plan, servers, ca, counts)));
  const waiting = [...all];
  const joinAll = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      await one.join();
      void one.run(stop.signal);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, joinAll));
  tell({ told: 'joined' });
}

process.on('message', (task: AgentTask) => {
  if (task.task === 'join')
    join(task).catch((error: unknown) => tell({ told: 'failed', why: String(error) }));
  else if (task.task === 'tell') {
    const answered = all.filter(({ answeredAt }) => answeredAt > task.since).length;
    tell({ told: 'counts', ...counts, answered, saves: counts.saves.splice(0) });
  } else process.exit();
});
process.on('disconnect', () => process.exit());
// One signal for thousands.
process.setMaxListeners(0);
