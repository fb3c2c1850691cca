import type { ReceiverSecret } from '@holdfast/model/fleet';
import type { Sealer } from '../secrets/sealer.ts';
import type { StoredReceiver } from '../store/alerts.ts';

const of = (id: string): string => `receiver/${id}`;

/** Address or password of a receiver as the store keeps it; null where there is none. */
export function sealReceiver(sealer: Sealer, id: string, secret: ReceiverSecret): Uint8Array | null {
  if (Object.keys(secret).length === 0) return null;
  return sealer.seal(of(id), Buffer.from(JSON.stringify(secret)));
}

/** @throws Failure secret-unreadable */
export function receiverSecret(
  sealer: Sealer,
  { id, sealed }: Pick<StoredReceiver, 'id' | 'sealed'>,
): ReceiverSecret {
  if (sealed === null) return {};
  return JSON.parse(Buffer.from(sealer.open(of(id), sealed)).toString('utf8')) as ReceiverSecret;
}
