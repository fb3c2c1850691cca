import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { JoinReply } from '@holdfast/model/fleet';
import { z } from 'zod';
import type { FleetFolder } from '../folder.ts';
import { ownKey } from './key-pair.ts';

const Told = z.object({
  server: z.url(),
  ...JoinReply.shape,
  /** PEM of what the server's certificate is held against beside the fleet's CA; null: what this machine trusts. */
  serverCa: z.string().nullable(),
  /** Of the join token that was used, hexadecimal. */
  tokenSha256: z.string(),
});
const StoredIdentity = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('AgentIdentity'),
  identity: Told,
});

/** Who this agent is in the fleet, and whom it trusts. */
export interface Identity extends z.infer<typeof Told> {
  /** PEM. */
  readonly key: string;
}

/**
 * Who this agent is, as it was told when it joined.
 *
 * @returns undefined where it has not joined, or where that was torn by hand: it joins again then
 * @throws Failure file-unreadable
 */
export async function readIdentity(folder: FleetFolder): Promise<Identity | undefined> {
  let text: string;
  try {
    text = await readFile(folder.identity, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure('file-unreadable', (cause as Error).message, { path: folder.identity }, { cause });
  }
  const found = StoredIdentity.safeParse(jsonOf(text));
  if (!found.success) return undefined;
  const key = await ownKey(folder.key);
  const { identity } = found.data;
  return isOfKey(identity.certificate, key) ? { ...identity, key } : undefined;
}

/** Keeps it, all or nothing. @throws Failure file-unwritable, disk-full */
export async function keepIdentity(folder: FleetFolder, identity: Identity): Promise<void> {
  // The schema has no key: that lies by itself.
  const stored = { apiVersion: 'holdfast.dev/v1', kind: 'AgentIdentity', identity: Told.parse(identity) };
  await writeDurably(folder.identity, `${JSON.stringify(stored, null, 2)}\n`);
}

/** From when on a certificate is to be renewed: with a third of its life left. */
export function renewAt(certificate: string): Date {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const life = validToDate.getTime() - validFromDate.getTime();
  return new Date(validToDate.getTime() - life / 3);
}

function isOfKey(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
