import { noticeDigest, type NoticeOrigin, type ToldAlert } from '@holdfast/engine';
import type { FleetAlert } from '@holdfast/model/fleet';

/** An alert of the fleet as receivers are told of it. */
export function toldAlert(alert: FleetAlert): ToldAlert {
  const { key, kind, severity, cluster, of, what, next, since, resolvedAt } = alert;
  const status = resolvedAt === null ? 'firing' : 'resolved';
  return {
    status,
    labels: { alertname: kind, severity, ...(cluster !== null && { cluster }), of },
    where: cluster ?? of,
    sentence: what,
    cause: '',
    remedy: next,
    since,
    endedAt: resolvedAt,
    fingerprint: noticeDigest('server', key).slice(0, 16),
    id: noticeDigest('server', key, status, since),
  };
}

/** The server as who tells. @param version of Holdfast */
export function serverOrigin(version: string): NoticeOrigin {
  return { names: { server: 'holdfast' }, labels: {}, group: 'holdfast/server', version };
}
