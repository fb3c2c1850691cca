import { noticeText, type ToldAlert } from '@holdfast/engine';
import type { ReceiverSpec } from '@holdfast/model/fleet';
import { createTransport } from 'nodemailer';

type Mail = Extract<ReceiverSpec, { kind: 'email' }>;

/** Milliseconds for each part of handing a mail over: connecting, the greeting, and silence after that. */
const partMs = 10_000;

/**
 * Hands one mail with these alerts to the mail server: over TLS from the first byte where the receiver is `secure`, else over
 * STARTTLS, which has to succeed where there is a password to send, and is tried where there is none. Never rejects.
 *
 * @returns why it was not taken, without the password; undefined: it was
 */
export async function sendMail(
  { host, port, secure, from, to, user }: Mail,
  password: string | undefined,
  alerts: readonly ToldAlert[],
): Promise<string | undefined> {
  const auth = user === undefined ? undefined : { user, pass: password ?? '' };
  const transport = createTransport({
    host,
    port,
    secure,
    requireTLS: !secure && auth !== undefined,
    connectionTimeout: partMs,
    greetingTimeout: partMs,
    socketTimeout: partMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(auth !== undefined && { auth }),
  });
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: subjectOf(alerts),
      text: `${noticeText(alerts)}\n`,
      // The same mail for the same alerts told again.
      messageId: `<${alerts
        .map(({ id }) => id.slice(0, 16))
        .join('.')
        .slice(0, 200)}@holdfast>`,
    });
    return undefined;
  } catch (error) {
    return reasonOf(error as MailError);
  } finally {
    transport.close();
  }
}

interface MailError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

function subjectOf(alerts: readonly ToldAlert[]): string {
  const [first] = alerts;
  const one = `${first?.status === 'firing' ? `[${first.labels.severity}]` : '[ended]'} ${first?.labels['alertname']} ${first?.where}`;
  return alerts.length === 1 ? `Holdfast: ${one}` : `Holdfast: ${one} and ${alerts.length - 1} more`;
}

/** The server's own words might repeat what it was sent; its figures do not. */
function reasonOf({ code, responseCode, command }: MailError): string {
  if (responseCode !== undefined) return `the mail server answers ${command ?? 'it'} with ${responseCode}`;
  return `the mail server was not reached: ${code ?? 'the connection failed'}`;
}
