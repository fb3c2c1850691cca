import { isFailure } from '@holdfast/base';
import { noticeDigest, noticeOf, noticeText, secretAddress, sendOut, type ToldAlert } from '@holdfast/engine';
import type { ReceiverSecret, ReceiverSpec } from '@holdfast/model/fleet';
import { sendMail } from './mail.ts';
import { serverOrigin } from './told-alert.ts';

/** What is told with. */
export interface TellParts {
  /** The version of Holdfast. */
  readonly holdfast: string;
  /** It ends early. */
  readonly signal: AbortSignal;
}

/**
 * Tells a receiver of alerts, in one request or mail: a webhook by the notice that the daemon sends too, a chat by `text`
 * alone. A heartbeat is only asked for. Never rejects.
 *
 * @returns why it was not taken, without address or password; undefined: it was
 */
export async function tell(
  spec: ReceiverSpec,
  secret: ReceiverSecret,
  alerts: readonly ToldAlert[],
  { holdfast, signal }: TellParts,
): Promise<string | undefined> {
  if (spec.kind === 'email') return await sendMail(spec, secret.password, alerts);
  try {
    const address = secretAddress(secret.url ?? '', `of receiver ${spec.name}`);
    if (spec.kind === 'heartbeat') return await sendOut(address, { signal });
    const body =
      spec.kind === 'slack' ? { text: noticeText(alerts) } : noticeOf(alerts, serverOrigin(holdfast));
    return await sendOut(address, {
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        'idempotency-key': noticeDigest(...alerts.map(({ id }) => id)),
      },
      signal,
    });
  } catch (error) {
    if (isFailure(error)) return error.why;
    throw error;
  }
}
