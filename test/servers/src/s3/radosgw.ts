import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import type { ClusterCertificates } from '../cluster/certificates.ts';
import { freePort, reservePort } from '../cluster/ports.ts';
import { lastLines, type ServerProcess, startServer } from '../cluster/server-process.ts';
import { messageOf, run } from '../obtain/run.ts';
import { cephConfig, certificateFile, type CephPorts } from './ceph-config.ts';
import { s3Client } from './client.ts';
import { type Ceph, cephPrograms } from './obtain-ceph.ts';
import { allowIn, policyOf, type Statement } from './policy.ts';
import { killAll, type RunningS3, untilAnswering } from './running.ts';
import type { S3Keys } from './server.ts';

const administrator = 'administrator';

/** What the owner of an object may do unless it is denied. */
const actionsOnObjects = [
  ...[
    'GetObject',
    'GetObjectVersion',
    'GetObjectAcl',
    'GetObjectTagging',
    'GetObjectRetention',
    'GetObjectLegalHold',
  ],
  ...['PutObject', 'PutObjectAcl', 'PutObjectTagging', 'PutObjectRetention', 'PutObjectLegalHold'],
  ...['DeleteObject', 'DeleteObjectVersion', 'DeleteObjectTagging', 'BypassGovernanceRetention'],
  ...['ListMultipartUploadParts', 'AbortMultipartUpload'],
].map((name) => `s3:${name}`);

/** Starts a Ceph of one mon and one osd that keeps everything in memory, and its S3 gateway. */
export async function startRadosgw(folder: string, certificates: ClusterCertificates): Promise<RunningS3> {
  const ceph = await cephPrograms((line) => console.error(line));
  const ports = { mon: await reservePort(), https: await reservePort(), http: await reservePort() };
  const processes: ServerProcess[] = [];
  const stop = async (): Promise<void> => {
    await killAll(processes);
    for (const port of Object.values(ports)) freePort(port);
  };
  try {
    await prepare(ceph, folder, certificates, ports);
    const start = async (
      program: 'ceph-mon' | 'ceph-osd' | 'radosgw',
      ...args: string[]
    ): Promise<ServerProcess> => {
      const server = await startServer(ceph.path(program), [...configured(folder), '-f', ...args], {
        logFile: join(folder, `${program}.out`),
        env: { ...process.env, ...ceph.env },
        detached: false,
      });
      processes.push(server);
      return server;
    };
    await start('ceph-mon', '-i', 'a', '--keyring', '/dev/null');
    await start('ceph-osd', '-i', '0');
    // Waits for both, and makes what a gateway needs, so that the gateway finds it.
    const keys = await createUser(ceph, folder, administrator).catch((error: unknown) => {
      const logs = ['ceph-mon.out', 'ceph-osd.out'].map((name) => lastLines(join(folder, name)));
      throw new Error([messageOf(error), ...logs].join('\n'), { cause: error });
    });
    const gateway = await start('radosgw', '-n', 'client.rgw');
    const endpoint = `https://127.0.0.1:${ports.https}`;
    const ca = await readFile(certificates.cacert, 'utf8');
    await untilAnswering(endpoint, ca, gateway, join(folder, 'client.rgw.log'));
    const limitedUser = bucketPolicies(endpoint, ca, keys, async (name) =>
      // A negative number of buckets: it may make none of its own.
      createUser(ceph, folder, name, '--max-buckets=-1'),
    );
    return { endpoint, httpEndpoint: `http://127.0.0.1:${ports.http}`, keys, processes, limitedUser, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first map of the osds is made here and given to the mon, so that no `ceph` command, which takes Python, has to make it. */
async function prepare(
  ceph: Ceph,
  folder: string,
  certificates: ClusterCertificates,
  ports: CephPorts,
): Promise<void> {
  const fsid = randomUUID();
  const at = (name: string): string => join(folder, name);
  const tool = (program: Parameters<Ceph['path']>[0], ...args: string[]): Promise<string> =>
    run(ceph.path(program), args, { env: ceph.env });
  for (const name of ['mon', 'osd', 'rgw', 'crash']) await mkdir(at(name));
  const { serverKey, serverCert } = certificates;
  const pem = `${await readFile(serverKey, 'utf8')}${await readFile(serverCert, 'utf8')}`;
  await writeFile(certificateFile(folder), pem, { mode: 0o600 });
  await writeFile(at('ceph.conf'), cephConfig(ceph, folder, fsid, ports));
  const config = configured(folder);
  const mon = ['--addv', 'a', `[v1:127.0.0.1:${ports.mon}]`];
  await tool('monmaptool', '--create', '--fsid', fsid, ...mon, at('monmap'));
  await tool('osdmaptool', ...config, '--createsimple', '1', at('osdmap'));
  const maps = ['--monmap', at('monmap'), '--osdmap', at('osdmap')];
  await tool('ceph-mon', ...config, '--mkfs', '-i', 'a', ...maps, '--keyring', '/dev/null');
  // No mon runs yet that it could ask.
  await tool('ceph-osd', ...config, '--no-mon-config', '--mkfs', '-i', '0', '--osd-uuid', randomUUID());
}

function configured(folder: string): string[] {
  return ['-c', join(folder, 'ceph.conf')];
}

async function createUser(ceph: Ceph, folder: string, name: string, ...more: string[]): Promise<S3Keys> {
  const args = ['-n', 'client.rgw', 'user', 'create', `--uid=${name}`, `--display-name=${name}`, ...more];
  // Without mon and osd it would wait for five minutes.
  const options = { env: ceph.env, timeoutMs: 60_000 };
  const printed = await run(ceph.path('radosgw-admin'), [...configured(folder), ...args], options);
  const { keys } = JSON.parse(printed) as { keys: readonly { access_key: string; secret_key: string }[] };
  const [key] = keys;
  if (key === undefined) throw new Error(`radosgw made no key for ${name}`);
  return { accessKey: key.access_key, secretKey: key.secret_key };
}

/**
 * Limits users by the policy of their bucket. What a user stores there is the user's own: the policy has to let
 * the administrator in, and to deny the user all else, action by action: this server does not understand NotAction.
 */
function bucketPolicies(
  endpoint: string,
  ca: string,
  keys: S3Keys,
  create: (name: string) => Promise<S3Keys>,
): RunningS3['limitedUser'] {
  const statements = new Map<string, Statement[]>();
  let count = 0;
  let putting = Promise.resolve<unknown>(undefined);
  const put = async (bucket: string, policy: string): Promise<void> => {
    const client = s3Client(endpoint, ca, keys);
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy }));
    client.destroy();
  };
  return async (bucket, actions) => {
    const name = `limited-${++count}`;
    const made = await create(name);
    const all: Statement[] = statements.get(bucket) ?? [
      { ...allowIn(bucket, ['s3:*']), ...principal(administrator) },
    ];
    const others = actionsOnObjects.filter((action) => !actions.includes(action));
    all.push({ ...allowIn(bucket, actions), ...principal(name) });
    if (others.length > 0) all.push({ ...allowIn(bucket, others), Effect: 'Deny', ...principal(name) });
    statements.set(bucket, all);
    putting = putting.catch(() => undefined).then(async () => put(bucket, policyOf(all)));
    await putting;
    return made;
  };
}

function principal(user: string): Pick<Statement, 'Principal'> {
  return { Principal: { AWS: [`arn:aws:iam:::user/${user}`] } };
}
