import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import { Retry } from '../retry/retry.ts';
import { getBody, hashOf, md5Of } from './body.ts';
import { hidden, sha256Field, type Bucket, type Sender } from './bucket.ts';
import { Conditions } from './conditions.ts';
import { skewText } from './failure.ts';
import { listNames, listUploads } from './listing.ts';
import { encryptedAs, storedAs } from './parameters.ts';

/** What a repository in a bucket needs to be allowed. */
const steps = ['put', 'read', 'list', 'upload', 'delete'] as const;

/** What a server and the rights in it were found to be good for. */
export interface S3Probe {
  /** What was tried, in order, and what came of it. After what no right could mend nothing more is tried. */
  readonly steps: readonly { readonly step: (typeof steps)[number]; readonly failure: Failure | undefined }[];
  /** Whether the server refuses to overwrite small objects, and uploads in parts; undefined when that was not found out. */
  readonly conditionalWrites: { readonly put: boolean; readonly complete: boolean } | undefined;
  /** Milliseconds that the server's clock is ahead, to a second; undefined when it told no time. */
  readonly skewMs: number | undefined;
  /** All that is wrong or not as it should be, the failures of the steps among it. */
  readonly findings: readonly Failure[];
}

/** A difference of the clocks that is worth telling, long before signatures are refused for it. */
const skewMs = 60_000;
/** How long the object that tries out the lock stays locked. */
const lockMs = 60_000;

/** Tries what a repository does in this bucket, each once, and leaves nothing that may be removed. */
export async function probeBucket(bucket: Bucket, clock: Clock): Promise<S3Probe> {
  const once = new Retry({ clock, random: () => 0, attempts: 1 });
  const conditions = new Conditions(bucket);
  const key = `${hidden}probe-${randomUUID()}`;
  const content = Buffer.from(key);
  const acts: Record<(typeof steps)[number], () => Promise<void>> = {
    put: () => put(bucket, key, content),
    read: () => read(bucket, key, content),
    list: () => list(bucket, once, key),
    upload: async () => {
      await conditions.complete();
      await listUploads(bucket);
    },
    delete: () => remove(bucket, key),
  };
  const tried: { step: (typeof steps)[number]; failure: Failure | undefined }[] = [];
  for (const step of steps) {
    const failure = await failureOf(acts[step]);
    tried.push({ step, failure });
    if (failure !== undefined && failure.code !== 's3-permission') break;
  }
  const findings = tried.flatMap(({ failure }) => failure ?? []);
  const whole = findings.length === 0;
  const conditionalWrites = whole
    ? { put: await conditions.put(), complete: await conditions.complete() }
    : undefined;
  if (conditionalWrites !== undefined) findings.push(...unconditional(bucket, conditionalWrites));
  if (whole && bucket.settings.lock !== undefined) findings.push(...(await unlocked(bucket)));
  findings.push(...askew(bucket, findings));
  return { steps: tried, conditionalWrites, skewMs: bucket.skew, findings };
}

async function failureOf(act: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}

async function put(bucket: Bucket, key: string, content: Buffer): Promise<void> {
  const { lock: _, ...unlockedSettings } = bucket.settings;
  const command = new PutObjectCommand({
    ...bucket.named(key),
    ...storedAs(unlockedSettings, bucket.clock.now()),
    Body: content,
    ContentMD5: md5Of(content),
    Metadata: { [sha256Field]: hashOf(content) },
  });
  await bucket.ask('s3:PutObject', key, (client) => client.send(command));
}

async function read(bucket: Bucket, key: string, content: Buffer): Promise<void> {
  const found = await getBody(bucket, key, content.length);
  // Without the right to put there is nothing to read, and that it is not there was told to one who may read.
  if (found === undefined || content.equals(found)) return;
  throw new Failure('s3-damaged', 'other bytes came back than were put', { path: bucket.path(key) });
}

async function list(bucket: Bucket, once: Retry, key: string): Promise<void> {
  for await (const _ of listNames(bucket, once, bucket.named(key).Key)) return;
}

async function remove(bucket: Bucket, key: string, version?: string): Promise<void> {
  const object = { ...bucket.named(key), ...(version === undefined ? {} : { VersionId: version }) };
  const send = (client: Sender): Promise<object> => client.send(new DeleteObjectCommand(object));
  await bucket.ask('s3:DeleteObject', key, send);
}

function unconditional(bucket: Bucket, { put, complete }: { put: boolean; complete: boolean }): Failure[] {
  if (put && complete) return [];
  const what = [...(put ? [] : ['small objects']), ...(complete ? [] : ['uploads in parts'])].join(' and ');
  return [new Failure('s3-no-conditions', `it overwrites ${what}`, { repository: bucket.location })];
}

/** Locks an object for a moment and tries to remove it. */
async function unlocked(bucket: Bucket): Promise<Failure[]> {
  const { lock, bucket: name } = bucket.settings;
  if (lock === undefined) return [];
  const key = `${hidden}probe-${randomUUID()}`;
  const until = new Date(bucket.clock.now().getTime() + (bucket.skew ?? 0) + lockMs);
  const body = Buffer.from(key);
  const command = new PutObjectCommand({
    ...bucket.named(key),
    ...encryptedAs(bucket.settings),
    ...storedAs({ bucket: name, lock: { mode: lock.mode, until } }, until),
    Body: body,
    ContentMD5: md5Of(body),
  });
  const none = (why: string): Failure[] => [new Failure('s3-no-lock', why, { bucket: name })];
  try {
    const { VersionId } = await bucket.ask('s3:PutObject', key, (client) => client.send(command));
    const head = await bucket.head(key);
    if (head === 'absent' || head.lock === undefined) return none('it takes the lock and does not keep it');
    // To be refused is what it is for; servers do so in different words.
    if ((await failureOf(() => remove(bucket, key, VersionId))) !== undefined) return [];
    return none('it shows the lock and lets the object be removed');
  } catch (error) {
    if (isFailure(error, 's3-refused')) return none(error.why);
    if (isFailure(error)) return [error];
    throw error;
  }
}

function askew(bucket: Bucket, findings: readonly Failure[]): Failure[] {
  const { skew } = bucket;
  if (skew === undefined || Math.abs(skew) < skewMs) return [];
  if (findings.some((each) => each.code === 's3-clock')) return [];
  return [new Failure('s3-clock', skewText(skew), { endpoint: bucket.location })];
}
