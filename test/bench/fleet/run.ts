import { formatBytes } from '@holdfast/base';
import { type AtOneMinute, benchFleet, type FleetOutcome } from './fleet.ts';
import type { NamedSchedule } from './clusters.ts';
import type { Restart } from './restart.ts';
import type { Account, Lateness } from './runs.ts';

/** Once an hour, at a minute of each cluster's own. */
function hourly(at: number): NamedSchedule {
  return { name: 'hourly', schedule: { cron: `${at % 60} * * * *`, timeZone: 'UTC' }, jitterSeconds: 59 };
}

function tell(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

/** One fleet, and what is to be said of it, line by line. */
export async function runFleet(options: {
  readonly clusters: number;
  readonly minutes: number;
  readonly store: 'sqlite' | 'postgresql';
  readonly profileTo: string | null;
}): Promise<void> {
  const outcome = await benchFleet({
    ...options,
    spread: hourly,
    atOneMinute: true,
    processes: options.clusters > 500 ? 2 : 1,
    tell,
  });
  for (const line of report(outcome, options.minutes)) console.log(line);
}

function report(outcome: FleetOutcome, minutes: number): string[] {
  const { steady, worst, killed, restart } = outcome;
  return [
    `${outcome.clusters} clusters, ${outcome.agents} agents, joined in ${outcome.joinSeconds.toFixed(1)} s (CPU of the server ${outcome.joinCpuSeconds.toFixed(1)} s)`,
    `steady, ${minutes} min, a save an hour of each cluster: ${late(steady.late)}`,
    `  ${steady.syncsPerSecond.toFixed(0)} syncs/s, ${steady.failures} not answered`,
    ...steady.servers.map(
      ({ cores, mostBytes, everBytes, loopDelay }) =>
        `  server: ${cores.toFixed(3)} cores, ${formatBytes(mostBytes)} at most (${formatBytes(everBytes)} since its start), event loop late by ${(loopDelay * 1000).toFixed(0)} ms (p99)`,
    ),
    ...atOnce('all at one minute', worst),
    ...atOnce('all at one minute, one of two replicas killed', killed),
    ...(restart === null ? [] : [back(restart)]),
  ];
}

function back({ agents, seconds, cpuSeconds, bytes }: Restart): string {
  return `started again after 10 s: all ${agents} agents are back after ${seconds.toFixed(1)} s; CPU ${cpuSeconds.toFixed(1)} s, ${formatBytes(bytes)}`;
}

function atOnce(what: string, came: AtOneMinute | null): string[] {
  if (came === null) return [];
  return [
    `${what}: ${late(came.late)}`,
    `  ${told(came.account)}; CPU of the servers ${came.cpuSeconds.toFixed(1)} s`,
  ];
}

function late({ runs, p50, p99, max }: Lateness): string {
  return `${runs} due runs, started within ${p50.toFixed(1)} s (p50), ${p99.toFixed(1)} s (p99), ${max.toFixed(1)} s (max)`;
}

function told({ expected, found, succeeded, doubled, lost }: Account): string {
  return `runs expected ${expected}, operations found ${found}, succeeded ${succeeded}, doubled ${doubled}, lost ${lost}`;
}
