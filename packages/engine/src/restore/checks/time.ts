import type { Finding, Subject } from './request.ts';

/** Milliseconds by which the clocks of a cluster's machines may differ (leases and certificates bear no more). */
const toleratedMs = 2_000;

/** P12: the clock has not been wound back: nothing that is known was written in its future. */
export function checkTime({ plan, context }: Subject): Finding {
  const now = context.clock.now();
  const moments = [
    { what: 'the plan was made', at: plan.createdAt },
    ...(plan.source.kind === 'snapshot' && plan.source.takenAt !== null
      ? [{ what: 'the snapshot was taken', at: plan.source.takenAt }]
      : []),
    ...plan.members.flatMap(({ name, sight }) =>
      sight.writtenAt === null ? [] : [{ what: `the data of ${name} was written`, at: sight.writtenAt }],
    ),
  ];
  const future = moments.filter(({ at }) => Date.parse(at) > now.getTime() + toleratedMs);
  const evidence = { now: now.toISOString(), moments };
  if (future.length === 0) {
    return {
      outcome: 'passed',
      detail: `it is ${now.toISOString()}, later than all that is known`,
      evidence,
    };
  }
  const told = future.map(({ what, at }) => `${what} at ${at}`).join('; ');
  const detail = `the clock says ${now.toISOString()}, and ${told}: it may have been wound back`;
  return { outcome: 'failed', detail, evidence };
}
