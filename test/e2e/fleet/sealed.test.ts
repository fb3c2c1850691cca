import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SigningKey } from '@holdfast/repository/manifest';
import { formatSecretKeyFile, generateSecretKey } from '@holdfast/repository/object';
import { type Host, type HostedMinio, hostsOrSkip, minioOn, s3OrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fleet } from './fleet.ts';
import { expectNew } from './outcome.ts';

const skip = (await hostsOrSkip()).skip || (await s3OrSkip('minio')).skip;

const identities = formatSecretKeyFile(await generateSecretKey(), new Date());
const signingKey = SigningKey.generate().reveal();

describe.skipIf(skip)('a sealed repository in a bucket on a machine of its own', { timeout: 120_000 }, () => {
  let fleet: Fleet;
  let machine: Host;
  let minio: HostedMinio;
  /** What nobody but server and agents may ever see. */
  let secret: readonly string[];
  beforeAll(async () => {
    fleet = await Fleet.make({
      members: 3,
      repository: async (lan) => {
        machine = await lan.host('minio', 200);
        minio = await minioOn(machine, 'backups');
        const { endpoint, ca, region, accessKey, secretKey } = minio;
        secret = [secretKey, ...secretLines(identities), ...secretLines(signingKey)];
        return {
          s3: { bucket: 'backups', folder: 'fleet', endpoint, ca, region },
          secrets: { accessKeyId: accessKey, secretAccessKey: secretKey, identities, signingKey },
        };
      },
    });
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const tells = (text: string): boolean => secret.some((each) => text.includes(each));

  test('is saved to and restored from by agents that have its keys from the server, and nothing tells any of them', async () => {
    expect(secret.length).toBeGreaterThanOrEqual(3);
    const watched = watchProcesses(tells);
    const replies = keepReplies(fleet);
    const content = await fleet.fillAndSave();
    expect(filesWith(machine.disk, (text) => text.includes('age-encryption.org/v1'))).not.toEqual([]);
    expect(filesWith(machine.disk, (text) => text.includes('value of /registry'))).toEqual([]);
    const { items } = await fleet.client.call('listSnapshots', { params: { cluster: fleet.cluster } });
    expect(items).toMatchObject([{ name: content.snapshot, state: 'verified' }]);

    for (const node of fleet.members) {
      await node.killEtcd();
      node.wipe();
    }
    const operation = await fleet.restore({ way: 'snapshot', repository: 'main' });
    expect(operation).toMatchObject({ state: 'succeeded', failure: null });
    await expectNew(fleet, content, fleet.members, content.atSnapshot);

    await fleet.client.call('listRepositories');
    await fleet.client.call('getRepository', { params: { repository: 'main' } });
    for (const { id } of (await fleet.client.call('listOperations', { query: { limit: 100 } })).items)
      for await (const event of fleet.client.events('followOperation', { params: { operation: id } }))
        replies.push(JSON.stringify(event));
    expect(replies.length).toBeGreaterThan(20);
    expect(replies.filter(tells)).toEqual([]);
    expect(await watched.stopped()).toEqual([]);
    // Where the server keeps them they are sealed; the agents' own files are theirs alone. All else is logs and journals.
    expect(filesWith(fleet.server.disk, tells)).toEqual([]);
    expect(tells(readFileSync(fleet.serverLog, 'utf8'))).toBe(false);
    for (const node of fleet.members) {
      expect(filesWith(node.logs, tells)).toEqual([]);
      const kept = filesWith(node.host.disk, tells);
      expect(kept).not.toEqual([]);
      expect(kept.map((path) => statSync(path).mode & 0o077)).toEqual(kept.map(() => 0));
      expect(kept.filter((path) => !path.startsWith(join(node.stateDir, 'fleet')))).toEqual([]);
    }
  });
});

/** The lines of a key file that are the key. */
function secretLines(text: string): string[] {
  return text.split('\n').filter((line) => line.length > 20 && !/^#|-----/.test(line));
}

/** The files below a folder whose content is such. */
function filesWith(folder: string, isSuch: (text: string) => boolean): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => isSuch(readFileSync(path, 'latin1')));
}

/** Looks at the command lines of all machines every few milliseconds. */
function watchProcesses(isSuch: (text: string) => boolean) {
  const found = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (isSuch(words)) found.add(words);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const timer = setInterval(look, 50);
  return {
    async stopped(): Promise<string[]> {
      clearInterval(timer);
      look();
      return [...found];
    },
  };
}

/** Every reply of the server from now on. */
function keepReplies({ client }: Fleet): string[] {
  const replies: string[] = [];
  const call = client.call.bind(client);
  client.call = (async (...asked: Parameters<typeof call>) => {
    const reply = await call(...asked);
    replies.push(JSON.stringify(reply) ?? '');
    return reply;
  }) as typeof call;
  return replies;
}
