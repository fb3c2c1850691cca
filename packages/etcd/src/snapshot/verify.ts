import { setImmediate } from 'node:timers/promises';
import { systemClock } from '@holdfast/base';
import type { Check, HashKv, StatusFigures } from '@holdfast/model';
import { type ByteSource, openFileSource, openImage } from '../bolt/index.ts';
import { concludeContent, concludeReading } from './conclusions.ts';
import type { ContentHashes } from './content-hash.ts';
import { type ContentHashing, startHashing } from './content-hashing.ts';
import { Findings } from './findings.ts';
import { checkHashKv, computeHashKv } from './hash-kv-check.ts';
import { readImage } from './image-reading.ts';

/** What a file is checked against, and how its checking is followed. */
export interface VerifyOptions {
  /** Size in bytes and SHA-256 (hexadecimal) of the whole file as they were recorded. */
  readonly expected?: { readonly size: number; readonly sha256: string };
  /** HashKV of the live member, asked when the snapshot was taken. */
  readonly hashKv?: HashKv | null;
  /** A snapshot as etcd streams it has a trailer, so one without is damaged; a member's own database has none. */
  readonly trailer?: 'required' | 'optional';
  /** What all the bytes of the source have hashed to, by whoever wrote them; computed here when absent. */
  readonly hashes?: ContentHashes;
  readonly signal?: AbortSignal;
  /** Called now and then; `done` rises to `total`. Bytes. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was found. */
export interface Verification {
  /** In the order of model's evidence; every check is there. */
  readonly checks: Check[];
  /** Null when tree or records are damaged; the same holds for the following. */
  readonly status: StatusFigures | null;
  /** Live keys that a client can read: without the one that a bump of the revision leaves. */
  readonly readableKeys: number | null;
  readonly pages: { readonly total: number; readonly free: number } | null;
  readonly buckets: Record<string, number> | null;
  /** HashKV as computed: at the live member's point, or else at the end of the image. */
  readonly hashKv: HashKv | null;
}

/** Milliseconds between two reports while only the SHA-256 is still computed. */
const waitMs = 50;

/**
 * Verifies a snapshot file without etcd: SHA-256, the whole B+tree, every record, revision continuity and HashKV.
 * Reads only. Memory does not grow with the file, only, where something is compacted, by some 30 bytes for each key that
 * was changed since the last compaction that is finished.
 * @returns what was found; damage of any kind is a failed check with reason and place
 * @throws Failure file-unreadable when the file cannot be read; the signal's reason when it is aborted
 */
export async function verifySnapshotFile(
  pathOrSource: string | ByteSource,
  options: VerifyOptions = {},
): Promise<Verification> {
  const source = typeof pathOrSource === 'string' ? openFileSource(pathOrSource) : pathOrSource;
  try {
    return await verify(source, options);
  } finally {
    if (source !== pathOrSource) await source.close();
  }
}

async function verify(source: ByteSource, options: VerifyOptions): Promise<Verification> {
  const { signal, onProgress = () => {}, hashKv: live = null } = options;
  signal?.throwIfAborted();
  let walked = 0;
  const hashing: ContentHashing =
    options.hashes === undefined ? startHashing(source) : hashedBefore(options.hashes, () => walked);
  hashing.hashes.catch(() => {});
  const pace = async (bytes: number) => {
    walked = Math.min(source.size, walked + bytes);
    onProgress(Math.floor((walked + hashing.done()) / 2), source.size);
    await setImmediate();
    signal?.throwIfAborted();
  };
  try {
    const findings = new Findings();
    const image = await findings.unlessDamaged(null, () => openImage(source));
    const reading =
      image && (await findings.unlessDamaged(null, () => readImage(image, live, findings, pace)));
    const whole = findings.count('tree') + findings.count('records') === 0 ? reading : null;
    const computed = image && whole && (await computeHashKv(image, whole));
    const hashes = await waitFor(hashing.hashes, () => pace(0));
    onProgress(source.size, source.size);
    const content = concludeContent(source, image, hashes, options);
    const checks = [...content, ...concludeReading(findings, reading), checkHashKv(computed, live)];
    const hashKv = computed?.hashKv ?? null;
    return {
      checks,
      status: whole?.status ?? null,
      readableKeys: whole?.keySpace.readableKeys ?? null,
      pages: whole?.pages ?? null,
      buckets: whole?.buckets ?? null,
      hashKv,
    };
  } finally {
    await hashing.stop();
  }
}

/** Hashes that need no work; the progress is the walk's alone then. */
function hashedBefore(hashes: ContentHashes, walked: () => number): ContentHashing {
  return { hashes: Promise.resolve(hashes), done: walked, stop: async () => {} };
}

/** Waits for a promise, calling `meanwhile` now and then. */
async function waitFor<T>(promise: Promise<T>, meanwhile: () => Promise<void>): Promise<T> {
  const settled = new AbortController();
  const settle = () => settled.abort();
  promise.then(settle, settle);
  while (!settled.signal.aborted) {
    await systemClock.sleep(waitMs, settled.signal).catch(() => {});
    await meanwhile();
  }
  return promise;
}
