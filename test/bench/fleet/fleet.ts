import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '@holdfast/model/fleet';
import { startPostgresql } from '@holdfast/test-servers';
import { AgentProcesses } from './agent-processes.ts';
import { Clusters, type NamedSchedule } from './clusters.ts';
import { account, type Account, lateness, type Lateness } from './runs.ts';
import { restart, type Restart } from './restart.ts';
import { ServerProcess } from './server-process.ts';

export interface FleetBenchOptions {
  readonly clusters: number;
  /** Of the steady window. */
  readonly minutes: number;
  readonly store: 'sqlite' | 'postgresql';
  /** Of each cluster, by its number, in the steady window. */
  readonly spread: (at: number) => NamedSchedule;
  /** Whether all clusters are due at one minute afterwards, and on PostgreSQL once more while a replica is killed. */
  readonly atOneMinute: boolean;
  /** Processes of agents. */
  readonly processes: number;
  /** Folder for profiles of the servers; null: none are made. */
  readonly profileTo: string | null;
  readonly tell: (line: string) => void;
}

/** What a server used in the steady window: cores, bytes at most in it, and since its start; seconds of its event loop. */
interface ServerUse {
  readonly cores: number;
  readonly mostBytes: number;
  readonly everBytes: number;
  readonly loopDelay: number;
}

export interface FleetOutcome {
  readonly clusters: number;
  readonly agents: number;
  readonly joinSeconds: number;
  readonly joinCpuSeconds: number;
  readonly steady: {
    readonly late: Lateness;
    readonly syncsPerSecond: number;
    readonly failures: number;
    readonly servers: readonly ServerUse[];
  };
  /** All clusters at one minute. */
  readonly worst: AtOneMinute | null;
  /** The same, with one of two replicas killed in the midst of it; null on SQLite. */
  readonly killed: AtOneMinute | null;
  /** The one server started again; null on PostgreSQL. */
  readonly restart: Restart | null;
}

/** All clusters due at the same minute: processor time is of the servers that live at its end. */
export interface AtOneMinute {
  readonly late: Lateness;
  readonly account: Account;
  readonly cpuSeconds: number;
}

const sampleMs = 2_000;
const lookMs = 3_000;
const scrapeMs = 30_000;
/** How long after a replica's death its work may lie still before nothing is waited for any more. */
const longestMs = 240_000;
/** Milliseconds after the due time at which a replica is killed: when it is at work with most of it. */
const killAfterMs = 1_500;

/** One fleet from its making to its end. */
export async function benchFleet(options: FleetBenchOptions): Promise<FleetOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-fleet-'));
  try {
    if (options.store === 'sqlite') return await run(options, folder, null);
    await using postgresql = await startPostgresql({ fsync: true });
    return await run(options, folder, await postgresql.database());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  options: FleetBenchOptions,
  folder: string,
  databaseUrl: string | null,
): Promise<FleetOutcome> {
  const { clusters: count, tell } = options;
  await using ends = new AsyncDisposableStack();
  const { servers, password, startAgain } = await startServers(options, folder, databaseUrl, ends);
  const ca = await caOf(servers[0]!.url);
  const clusters = ends.use(await Clusters.logIn(servers[0]!.url, ca, password));
  const plans = await clusters.make(count);
  tell(`${count} clusters are there`);
  const agents = ends.use(new AgentProcesses());
  const before = { at: performance.now(), cpuMs: cpuMs(servers) };
  await agents.join(
    options.processes,
    servers.map(({ url }) => url),
    ca,
    plans,
  );
  const joinSeconds = (performance.now() - before.at) / 1000;
  const joinCpuSeconds = (cpuMs(servers) - before.cpuMs) / 1000;
  tell(`${plans.length} agents have joined in ${joinSeconds.toFixed(0)} s`);
  await clusters.schedule(options.spread);
  await until(
    'all agents are heard, assigned and known',
    async () => (await agents.counts()).heard >= plans.length,
  );
  const steady = await steadyWindow(options, servers, agents, ca);
  const made = { clusters: count, agents: plans.length, joinSeconds, joinCpuSeconds, steady };
  if (!options.atOneMinute) return { ...made, worst: null, killed: null, restart: null };
  tell('the steady window is over; all clusters are due at one minute next');
  const fleet = { clusters, servers, agents };
  const worst = await allAtOnce(fleet, 'all', async () => {});
  if (databaseUrl === null) {
    tell('and the server is stopped, and started again');
    const startedAgain = await restart(servers[0]!, startAgain, { agents, count: plans.length });
    return { ...made, worst, killed: null, restart: startedAgain };
  }
  tell('and once more, with one replica killed');
  const killed = await allAtOnce(fleet, 'killed', async (due) => {
    await sleep(due + killAfterMs - Date.now());
    await servers[1]!.kill('SIGKILL');
  });
  return { ...made, worst, killed, restart: null };
}

async function startServers(
  { profileTo }: FleetBenchOptions,
  folder: string,
  databaseUrl: string | null,
  ends: AsyncDisposableStack,
): Promise<{ servers: ServerProcess[]; password: string; startAgain: () => Promise<ServerProcess> }> {
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const servers: ServerProcess[] = [];
  const starts: ((port: number) => Promise<ServerProcess>)[] = [];
  for (const name of databaseUrl === null ? ['one'] : ['one', 'two']) {
    mkdirSync(join(folder, name));
    const secretsKeyFile = servers.length === 0 ? null : join(folder, 'one', 'secrets.key');
    const started = {
      dataDir: join(folder, name),
      password: passwordFile,
      secretsKeyFile,
      databaseUrl,
      profileTo,
    };
    const start = async (port: number): Promise<ServerProcess> =>
      ends.use(await ServerProcess.start({ ...started, port }));
    servers.push(await start(0));
    starts.push(start);
  }
  const startAgain = (): Promise<ServerProcess> => starts[0]!(Number(new URL(servers[0]!.url).port));
  return { servers, password, startAgain };
}

async function steadyWindow(
  { minutes, spread }: FleetBenchOptions,
  servers: readonly ServerProcess[],
  agents: AgentProcesses,
  ca: string,
): Promise<FleetOutcome['steady']> {
  const before = await agents.counts();
  const known = agents.saves.length;
  const begun = { at: performance.now(), used: servers.map((server) => server.used()) };
  for (const server of servers) await server.loopDelay(ca);
  const most = servers.map(() => ({ bytes: 0, loopDelay: 0 }));
  for (let scrapedAt = begun.at; performance.now() - begun.at < minutes * 60_000;) {
    await sleep(sampleMs);
    const isScraped = performance.now() - scrapedAt >= scrapeMs;
    if (isScraped) scrapedAt = performance.now();
    for (const [at, server] of servers.entries()) {
      const one = most[at]!;
      one.bytes = Math.max(one.bytes, server.used().bytes);
      if (isScraped) one.loopDelay = Math.max(one.loopDelay, await server.loopDelay(ca));
    }
  }
  const ms = performance.now() - begun.at;
  const used = servers.map((server) => server.used());
  const after = await agents.counts();
  return {
    late: lateness(agents.saves.slice(known), spread(0).jitterSeconds),
    syncsPerSecond: ((after.syncs - before.syncs) / ms) * 1000,
    failures: after.failures - before.failures,
    servers: used.map(({ cpuMs, mostBytes }, at) => ({
      cores: (cpuMs - begun.used[at]!.cpuMs) / ms,
      mostBytes: most[at]!.bytes,
      everBytes: mostBytes,
      loopDelay: most[at]!.loopDelay,
    })),
  };
}

/** Has all clusters save at the same minute, and waits until all of it is over. */
async function allAtOnce(
  {
    clusters,
    servers,
    agents,
  }: { clusters: Clusters; servers: readonly ServerProcess[]; agents: AgentProcesses },
  name: string,
  meanwhile: (due: number) => Promise<void>,
): Promise<AtOneMinute> {
  // Time enough to tell all of them.
  const ms = 15_000 + clusters.ids.length * 25;
  const due = Math.ceil((Date.now() + ms) / 60_000) * 60_000;
  const cron = `${new Date(due).getUTCMinutes()} ${new Date(due).getUTCHours()} * * *`;
  await clusters.schedule(() => ({ name, schedule: { cron, timeZone: 'UTC' }, jitterSeconds: 0 }));
  if (Date.now() > due) throw new Error('to give all clusters a policy has taken too long');
  await sleep(due - Date.now() - 1_000);
  const before = new Map(servers.map((server) => [server, server.isThere ? server.used().cpuMs : 0]));
  await meanwhile(due);
  const scheduledFor = new Date(due).toISOString();
  const ofRun = async (): Promise<Operation[]> => {
    const found: Operation[] = [];
    for await (const each of clusters.client.pages('listOperations', {
      query: { kind: 'save', limit: 500 },
    })) {
      if (each.createdAt < scheduledFor) break;
      if (each.policy === name) found.push(each);
    }
    return found;
  };
  const until = due + longestMs;
  let operations: Operation[] = [];
  const isOver = (): boolean =>
    operations.length >= clusters.ids.length && operations.every(({ endedAt }) => endedAt !== null);
  const begun = (): number => agents.saves.filter(({ policy }) => policy === name).length;
  while (!isOver() && Date.now() < until) {
    await sleep(lookMs);
    await agents.counts();
    // To list them costs the server something: not before most are over.
    if (begun() >= clusters.ids.length) operations = await ofRun();
  }
  if (!isOver()) operations = await ofRun();
  const saves = agents.saves.filter(({ policy }) => policy === name);
  return {
    late: lateness(saves, 0),
    account: account(clusters.ids, scheduledFor, operations, saves),
    cpuSeconds: servers
      .filter(({ isThere }) => isThere)
      .reduce((sum, server) => sum + (server.used().cpuMs - before.get(server)!) / 1000, 0),
  };
}

function cpuMs(servers: readonly ServerProcess[]): number {
  return servers.reduce((sum, server) => sum + (server.isThere ? server.used().cpuMs : 0), 0);
}

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + longestMs;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`it was waited in vain until ${what}`);
    await sleep(500);
  }
}

/** The CA, as this very machine tells it. */
async function caOf(url: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/ca`, { rejectUnauthorized: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => (text += part));
      reply.on('end', () => resolve(text));
    });
    asked.on('error', reject);
    asked.end();
  });
}
