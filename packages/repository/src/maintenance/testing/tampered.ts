import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '@holdfast/base';
import type { ChainFinding, ClusterRecord } from '@holdfast/model';
import { expect } from 'vitest';
import { initKeys } from '../../keys/index.ts';
import { WriterLease, type Committed } from '../../lease/index.ts';
import { openManifest, SigningKey } from '../../manifest/index.ts';
import { generateSecretKey, seal, type SecretKey } from '../../object/index.ts';
import { compressSeekable } from '../../object/seekable/compress.ts';
import { gather, streamOf } from '../../object/testing/bytes.ts';
import { encodeRecord } from '../../record.ts';
import { openRepository, type Repository } from '../../repository.ts';
import { LocalStorage } from '../../storage/local/local.ts';
import { storeSealed } from '../../testing/sealed.ts';
import { checkStoredChain } from '../chain.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-tampering-'));

/** Removes all that was made. */
export function end(): void {
  rmSync(base, { recursive: true, force: true });
}

export const admin = SigningKey.generate();
export const thief = SigningKey.generate();
let secret: SecretKey;
let at = Date.parse('2026-11-20T09:00:00Z');
export const clock: Clock = { ...systemClock, now: () => new Date((at += 1000)) };
export let path: string;
export let memory: string;
export let repository: Repository;
export let prod: ClusterRecord;
export let other: ClusterRecord;

/** Seals and compresses as a save does, and signs. */
export async function save(cluster: ClusterRecord, name: string): Promise<void> {
  const content = Buffer.from(`content of ${name} in ${cluster.name}`.padEnd(60));
  const now = clock.now().toISOString();
  await storeSealed(repository, cluster, name, content, {
    recipients: [secret.publicKey],
    changes: { times: { startedAt: now, finishedAt: now } },
  });
}

export async function sealed(content: Buffer): Promise<Buffer> {
  return gather(seal(compressSeekable(streamOf([content])), { recipients: [secret.publicKey] }));
}

/** A repository of four snapshots, one of them removed, and of another cluster's one; before each test. */
export async function begin(): Promise<void> {
  secret ??= await generateSecretKey();
  const own = mkdtempSync(join(base, 'r-'));
  [path, memory] = [join(own, 'repository'), join(own, 'memory')];
  const keys = { signing: admin, opening: async () => ({ keys: [secret] }), memory };
  const bare = await openRepository(path, { create: true, clock, keys });
  const place = { storage: bare.storage, repositoryId: bare.record.id, client: keys, clock };
  await initKeys(
    place,
    [{ name: 'escrow', key: secret.publicKey }],
    [{ key: admin.publicKey, name: 'admin' }],
  );
  repository = await openRepository(path, { create: false, clock, keys });
  [prod, other] = [await repository.addCluster('prod'), await repository.addCluster('other')];
  for (const name of ['a', 'b', 'c', 'd']) await save(prod, name);
  await save(other, 'a');
  await repository.deleteSnapshot(prod.id, 'b');
  expect(await chain()).toEqual([]);
}

export const folder = (name: string, cluster = prod): string =>
  join(path, 'clusters', cluster.id, 'snapshots', name);
export const manifestIn = (name: string, cluster = prod): string =>
  join(
    folder(name, cluster),
    readdirSync(folder(name, cluster)).find((file) => file.startsWith('manifest-'))!,
  );
export const keyOf = (file: string): string => file.slice(path.length + 1);

export async function chain(
  cluster = prod,
  withMemory: string | null = memory,
): Promise<readonly ChainFinding[]> {
  return (await checkStoredChain(repository, clock, cluster.id, withMemory ?? undefined)).findings;
}

export const faults = async (...of: Parameters<typeof chain>) =>
  (await chain(...of)).map(({ fault, names }) => [fault, ...names].join(' '));

/** Who can write the bucket can write any record of commits. */
export async function forgeCommits(
  edit: (committed: Committed[]) => Committed[],
  cluster = prod,
): Promise<void> {
  const scope = `clusters/${cluster.id}`;
  const storage = new LocalStorage(path);
  const lease = new WriterLease(storage, scope);
  const committed = edit([...((await lease.committed()) ?? [])]);
  rmSync(join(path, scope, 'lease'), { recursive: true });
  expect(await lease.begin(committed)).toBe(true);
}

/** What a file would be committed as. */
export function commitOf(file: string): Committed {
  const bytes = readFileSync(file);
  const epoch = Number(/(\d{12})\.json$/.exec(file)![1]);
  return {
    key: keyOf(file),
    epoch,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

export const recommit = (): Promise<void> =>
  forgeCommits((all) => all.map(({ key }) => commitOf(join(path, key))));

export async function listed(cluster = prod) {
  const { snapshots, damaged } = await repository.snapshots(cluster.id);
  return {
    trusted: snapshots
      .filter(({ trust, damage }) => trust.trusted && damage === null)
      .map(({ name }) => name),
    refused: snapshots
      .filter(({ trust }) => !trust.trusted)
      .map(({ name, trust }) => `${name}: ${trust.why}`),
    damaged: damaged.map(({ name, failure }) => `${name}: ${failure.why}`),
  };
}

/** Changes what a manifest says, with the signatures that it has. */
export function rewrite(file: string, from: string, to: string): void {
  const { payload, signatures } = openManifest(readFileSync(file), file);
  const text = payload.toString();
  expect(text).toContain(from);
  const envelope = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(
    file,
    encodeRecord({ ...envelope, payload: Buffer.from(text.replace(from, to)).toString('base64') }),
  );
  expect(signatures).toHaveLength(1);
}

export const records = (): string => join(path, 'clusters', prod.id, 'removed');
