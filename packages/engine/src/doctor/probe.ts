import { randomUUID } from 'node:crypto';
import { Failure, isFailure } from '@holdfast/base';
import type { S3Probe, Storage } from '@holdfast/repository';

/** What was tried of a place, in order, and what came of it. */
export interface Probe extends Omit<S3Probe, 'steps'> {
  readonly steps: readonly { readonly step: string; readonly failure: Failure | undefined }[];
}

/**
 * Puts, reads, lists and deletes something of its own in a storage, and leaves nothing there: the steps of `probeS3` but
 * the upload, which is nothing of its own in a folder. A folder that is not there is made.
 */
export async function probeStorage(storage: Storage): Promise<Probe> {
  const folder = 'doctor';
  const key = `${folder}/probe-${randomUUID()}`;
  const content = Buffer.from(key);
  const acts = {
    put: () => storage.put(key, content),
    read: async () => {
      const found = await storage.get(key, content.length);
      if (found === undefined || !content.equals(found)) throw lost(storage, key, 'other bytes came back');
    },
    list: async () => {
      for await (const each of storage.list(folder)) if (each.key === key) return;
      throw lost(storage, key, 'it was written and is not listed');
    },
    delete: async () => {
      if (!(await storage.delete(key))) throw lost(storage, key, 'it was written and is not there');
    },
  };
  const steps: Probe['steps'][number][] = [];
  for (const [step, act] of Object.entries(acts)) {
    const failure = await failureOf(act);
    steps.push({ step, failure });
    if (step === 'put' && failure !== undefined) break;
  }
  const findings = steps.flatMap(({ failure }) => failure ?? []);
  return { steps, conditionalWrites: undefined, skewMs: undefined, findings };
}

function lost(storage: Storage, key: string, why: string): Failure {
  return new Failure('object-damaged', why, { path: storage.localPath(key) ?? `${storage.location}/${key}` });
}

async function failureOf(act: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}

/** What keeps a repository from working there; what is left is worth a warning. */
export function probeFault({ steps, findings }: Probe): Failure | undefined {
  const failed = steps.find(({ failure }) => failure !== undefined)?.failure;
  return failed ?? findings.find(({ code }) => !mild.has(code));
}

/** What there is a way around. */
const mild: ReadonlySet<string> = new Set(['s3-no-conditions', 's3-clock']);

/** The findings that are no fault, in a sentence each. */
export function probeWarnings(probe: Probe): string[] {
  const told = new Set([probeFault(probe), ...probe.steps.map(({ failure }) => failure)]);
  return probe.findings.filter((each) => !told.has(each)).map(({ message, why }) => `${message}: ${why}`);
}
