import { noticeDigest, noticeOf, type ToldAlert } from '@holdfast/engine';
import { subjectOf } from './alert.ts';
import type { Tiding } from './ledger.ts';

/** Who tells. */
export interface Teller {
  /** The machine's name. */
  readonly node: string;
  /** Of Holdfast. */
  readonly version: string;
}

/** The body of a notice, as docs/guides/agent.md describes it. */
export function daemonNotice(tidings: readonly Tiding[], { node, version }: Teller): object {
  return noticeOf(
    tidings.map((tiding) => toldOf(tiding, node)),
    { names: { node }, labels: { node }, group: `holdfast/${node}`, version },
  );
}

/** The same for the same thing told again, whoever tells it: a receiver can know by it what it has had already. */
export function noticeId(tidings: readonly Tiding[], { node }: Teller): string {
  return noticeDigest(
    tidings.map(({ key, status, record }) => [node, key, status, record.since].join('\n')).join('\n'),
  );
}

function toldOf({ key, status, record }: Tiding, node: string): ToldAlert {
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
    where: node,
    sentence,
    cause,
    remedy,
    since,
    endedAt,
    fingerprint: noticeDigest(node, key).slice(0, 16),
    id: noticeDigest(node, key, status, since),
  };
}
