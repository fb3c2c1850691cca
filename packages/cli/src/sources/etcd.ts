import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { EtcdClient } from '@holdfast/etcd/client';
import type { Io } from '../io.ts';
import { required } from '../program/require.ts';
import type { Settings } from '../settings/value.ts';
import { credentials } from './password.ts';

/**
 * A client of the etcd of the settings, logged in as they say.
 *
 * @param first an endpoint that may or may not be among those of the settings; it becomes the client's first
 * @throws Failure `usage`, `file-unreadable`, and what connecting throws
 */
export async function connect(settings: Settings, io: Io, first?: string): Promise<EtcdClient> {
  const endpoints =
    first === undefined ? required(settings, 'endpoints') : [first, ...(settings.endpoints ?? [])];
  return (await connector(settings, io))(endpoints);
}

/**
 * Makes clients of any endpoints, with the TLS files and the login of the settings, which are read once and now.
 *
 * @throws Failure `usage`, `file-unreadable`
 */
export async function connector(
  settings: Settings,
  io: Io,
): Promise<(endpoints: readonly string[]) => EtcdClient> {
  const { cacert, cert, key } = settings;
  const auth = await credentials(settings);
  const tls = {
    ...(cacert !== undefined && { ca: await readPem(cacert) }),
    ...(cert !== undefined && { cert: await readPem(cert) }),
    ...(key !== undefined && { key: await readPem(key) }),
  };
  const { connectEtcd } = await import('@holdfast/etcd/client');
  return (endpoints) =>
    connectEtcd({
      endpoints,
      clock: io.clock,
      ...(Object.keys(tls).length > 0 && { tls }),
      ...(auth !== undefined && { auth }),
    });
}

async function readPem(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
