import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { SecretAddress } from '@holdfast/engine';
import { readSecretLine } from './secret-file.ts';

/** Who is told by the daemon, as flags name it. */
export interface ReceiverOptions {
  readonly heartbeatUrlFile?: string;
  readonly webhookUrlFile?: string;
  readonly receiverCa?: string;
}

/** Where alerts are sent to, and what is asked for after each save. */
export interface Receivers {
  readonly webhook: SecretAddress | undefined;
  readonly heartbeat: SecretAddress | undefined;
}

/**
 * Reads the addresses from their files, or else from HOLDFAST_WEBHOOK_URL and HOLDFAST_HEARTBEAT_URL: whoever knows them
 * can use them, so they are never flags.
 *
 * @throws Failure `config-invalid`, `file-unreadable`, `secret-file-exposed`
 */
export async function receiversOf(
  options: ReceiverOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Receivers> {
  const { secretAddress } = await import('@holdfast/engine');
  const ca = options.receiverCa === undefined ? undefined : await readText(options.receiverCa);
  const read = async (file: string | undefined, variable: string): Promise<SecretAddress | undefined> => {
    const text = file === undefined ? env[variable] : await readSecretLine(file);
    return text === undefined || text === '' ? undefined : secretAddress(text, file ?? variable, ca);
  };
  return {
    webhook: await read(options.webhookUrlFile, 'HOLDFAST_WEBHOOK_URL'),
    heartbeat: await read(options.heartbeatUrlFile, 'HOLDFAST_HEARTBEAT_URL'),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
