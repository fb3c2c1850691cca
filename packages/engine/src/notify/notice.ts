import { createHash } from 'node:crypto';

/** That an alert began, or that it ended, as a receiver is told of it. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  /** `alertname` (its kind), `severity`, and what it is about. */
  readonly labels: Readonly<Record<string, string>> & { readonly severity: string };
  /** Where it is, in front of a line of text. */
  readonly where: string;
  readonly sentence: string;
  readonly cause: string;
  readonly remedy: string;
  readonly since: string;
  /** Null: it is not over. */
  readonly endedAt: string | null;
  /** The same for the same alert at all times. */
  readonly fingerprint: string;
  /** The same for the same thing told again: a receiver can know by it what it has had already. */
  readonly id: string;
}

/** Who tells. */
export interface NoticeOrigin {
  /** What stands at the top of the notice, as `node`. */
  readonly names: Readonly<Record<string, string>>;
  /** Labels that all alerts of it have. */
  readonly labels: Readonly<Record<string, string>>;
  /** Told apart from others by it, as `holdfast/cp-1`. */
  readonly group: string;
  /** Of Holdfast. */
  readonly version: string;
}

/** Alerts of one notice at most: a receiver that limits bodies still takes it. */
export const noticeLength = 50;

/**
 * The body of a notice, as docs/guides/agent.md describes it. The fields of Alertmanager's webhook (version 4) are among
 * them, so that what takes notices of Alertmanager takes these; and `text`, which chats read.
 */
export function noticeOf(
  alerts: readonly ToldAlert[],
  { names, labels, group, version }: NoticeOrigin,
): object {
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'AlertNotice',
    ...names,
    holdfastVersion: version,
    text: noticeText(alerts),
    version: '4',
    groupKey: group,
    truncatedAlerts: 0,
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: 'holdfast',
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: '',
    alerts: alerts.map(alertOf),
  };
}

/** A line for each. */
export function noticeText(alerts: readonly ToldAlert[]): string {
  return alerts.map(lineOf).join('\n');
}

/** Names something by what is hashed: 128 bits of SHA-256, hexadecimal. */
export function noticeDigest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

function alertOf(told: ToldAlert): object {
  const { status, labels, sentence, cause, remedy, since, endedAt, fingerprint, id } = told;
  return {
    status,
    labels,
    annotations: { summary: sentence, cause, remedy },
    startsAt: since,
    // As Go writes no time.
    endsAt: status === 'resolved' ? endedAt : '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint,
    id,
  };
}

function lineOf({ status, labels, where, sentence, cause, remedy, since, endedAt }: ToldAlert): string {
  return status === 'firing'
    ? `[${labels.severity}] ${where}: ${sentence}${cause === '' ? '' : ` Cause: ${cause}.`} ${remedy}`
    : `[ended] ${where}: ${sentence} It was so from ${since} to ${endedAt}.`;
}
