import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectServer, type ServerClient } from '@holdfast/client';
import { type EtcdCluster, reservePort } from '@holdfast/test-servers';
import { writeClusterFile } from './cluster-file.ts';
import { holdfast, type ServerVariables, startHoldfast } from './holdfast.ts';
import { ask } from './https.ts';
import { caFile, demoHome, passwordFile, repository, tokenFile } from './place.ts';
import { step } from './tell.ts';
import { until } from './until.ts';

/** The server as its admin sees it, and the cluster that the demo is about. */
export interface Fleet {
  readonly url: string;
  readonly client: ServerClient;
  /** For the command line. */
  readonly variables: ServerVariables;
  /** The id of the cluster. */
  readonly cluster: string;
}

const tmp = join(demoHome, 'tmp');

type Server = Omit<Fleet, 'cluster'>;

/** Starts a server, tells it of a cluster, a repository and a policy, and starts an agent beside each member. */
export async function startFleet(etcd: EtcdCluster): Promise<Fleet> {
  mkdirSync(tmp, { mode: 0o700 });
  const server = await step('holdfast server, with a CA of its own:', startServer, ({ url }) => url);
  const cluster = await step('holdfast cluster add demo --in main', async () => await addCluster(server));
  const fleet = { ...server, cluster };
  await step(
    'holdfast cluster join demo, and holdfast agent --server beside each member:',
    async () => await joinAgents(etcd, fleet),
    () => 'all three are heard, the cluster is healthy',
  );
  await step(
    "holdfast policy set main --cron '0 */6 * * *' --keep-last 28:",
    async () => await setPolicy(fleet),
    (nextDueAt) => `next save at ${nextDueAt.slice(11, 16)} UTC`,
  );
  return fleet;
}

async function startServer(): Promise<Server> {
  const listen = `127.0.0.1:${await reservePort()}`;
  const url = `https://${listen}`;
  const log = join(demoHome, 'server.log');
  startHoldfast(['server', '--data-dir', join(demoHome, 'server'), '--listen', listen], { log, tmp });
  // Nobody but this demo can have made a server here: its CA is believed this once, and kept.
  const ca = await until(`the server answers, see ${log}`, async () => {
    await ask(`${url}/readyz`);
    return await ask(`${url}/v1/ca`);
  });
  writeFileSync(caFile, ca, { mode: 0o600 });
  await using anybody = await connectServer({ url, ca });
  const password = readFileSync(passwordFile, 'utf8').trim();
  const { token } = await anybody.call('logIn', { body: { name: 'admin', password } });
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const variables = {
    ...{ HOLDFAST_SERVER: url, HOLDFAST_SERVER_CA: caFile },
    ...{ HOLDFAST_TOKEN_FILE: tokenFile, HOLDFAST_CLUSTER: 'demo' },
  };
  return { url, client: await connectServer({ url, ca, token }), variables };
}

/** Returns the id of the cluster. */
async function addCluster({ client, variables }: Server): Promise<string> {
  await client.call('createRepository', { body: { spec: { name: 'main', path: repository }, create: true } });
  return (await holdfast<{ id: string }>(variables, 'cluster', 'add', 'demo', '--in', 'main')).id;
}

/** Returns once all agents tell that their members are in quorum. */
async function joinAgents(etcd: EtcdCluster, { url, client, variables, cluster }: Fleet): Promise<void> {
  const token = join(demoHome, 'join-token');
  const { caSha256 } = await holdfast<{ caSha256: string }>(
    variables,
    ...['cluster', 'join', 'demo', '--token-out', token],
  );
  const { members } = etcd.plan;
  const server = ['--server', url, '--server-ca-sha256', caSha256, '--token-file', token];
  for (const member of members) {
    const home = join(demoHome, 'agents', member.name);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const file = join(home, 'cluster.json');
    writeClusterFile(file, etcd.plan, member);
    const own = ['--name', member.name, '--cluster-file', file, '--state-dir', join(home, 'state')];
    const ports = ['--endpoints', member.clientUrl, '--peer-listen', '127.0.0.1:0', '--listen', 'none'];
    const words = ['agent', ...server, ...own, ...ports, '--etcd', etcd.plan.binaries.etcd];
    startHoldfast(words, { log: join(home, 'log'), tmp });
  }
  await until(`the agents are heard, see ${join(demoHome, 'agents')}`, async () => {
    const { status } = await client.call('getCluster', { params: { cluster } });
    const isWhole = status.nodes.connected === members.length && status.health === 'healthy';
    return isWhole ? status : undefined;
  });
  rmSync(token);
}

/** Returns when the policy is due. */
async function setPolicy({ variables }: Fleet): Promise<string> {
  const when = ['--cron', '0 */6 * * *', '--drill-cron', '30 3 * * *'];
  const set = await holdfast<{ status: { nextDueAt: string } }>(
    variables,
    ...['policy', 'set', 'main', ...when, '--keep-last', '28', '--repo', 'main'],
  );
  return set.status.nextDueAt;
}
