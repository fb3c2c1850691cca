import { createHash } from 'node:crypto';
import { subjectOf } from './alert.ts';
import type { Tiding } from './ledger.ts';

/** Who tells. */
export interface Teller {
  /** The machine's name. */
  readonly node: string;
  /** Of Holdfast. */
  readonly version: string;
}

/** Alerts of one notice at most: a receiver that limits bodies still takes it. */
export const noticeLength = 50;

/**
 * The body of a notice, as docs/guides/agent.md describes it. The fields of Alertmanager's webhook (version 4) are among
 * them, so that what takes notices of Alertmanager takes these; and `text`, which chats read.
 */
export function noticeOf(tidings: readonly Tiding[], { node, version }: Teller): object {
  const alerts = tidings.map((tiding) => alertOf(tiding, node));
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'AlertNotice',
    node,
    holdfastVersion: version,
    text: tidings.map((tiding) => lineOf(tiding, node)).join('\n'),
    version: '4',
    groupKey: `holdfast/${node}`,
    truncatedAlerts: 0,
    status: tidings.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: 'holdfast',
    groupLabels: { node },
    commonLabels: { node },
    commonAnnotations: {},
    externalURL: '',
    alerts,
  };
}

/** The same for the same thing told again, whoever tells it: a receiver can know by it what it has had already. */
export function noticeId(tidings: readonly Tiding[], { node }: Teller): string {
  return digest(
    tidings.map(({ key, status, record }) => [node, key, status, record.since].join('\n')).join('\n'),
  );
}

function alertOf({ key, status, record }: Tiding, node: string): object {
  const { kind, policy, repository } = subjectOf(key);
  const { severity, sentence, cause, remedy, since, endedAt } = record;
  return {
    status,
    labels: {
      alertname: kind,
      severity,
      node,
      ...(policy !== null && { policy }),
      ...(repository !== null && { repository }),
    },
    annotations: { summary: sentence, cause, remedy },
    startsAt: since,
    // As Go writes no time.
    endsAt: status === 'resolved' ? endedAt : '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: digest(`${node}\n${key}`).slice(0, 16),
    id: digest([node, key, status, since].join('\n')),
  };
}

function lineOf({ status, record }: Tiding, node: string): string {
  const { severity, sentence, cause, remedy, since, endedAt } = record;
  return status === 'firing'
    ? `[${severity}] ${node}: ${sentence} Cause: ${cause}. ${remedy}`
    : `[ended] ${node}: ${sentence} It was so from ${since} to ${endedAt}.`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
