import { limits } from '@holdfast/base';
import type { ExaminedEndpoint } from './endpoint-checks.ts';
import { Findings } from './report.ts';

/** Whether what answers is one whole cluster whose members keep up with each other. */
export function checkCluster(examined: readonly ExaminedEndpoint[]): Findings {
  const findings = new Findings('cluster');
  const statuses = examined.flatMap(({ endpoint, status }) =>
    status === undefined ? [] : [{ endpoint, ...status }],
  );
  if (statuses.length === 0) {
    findings.skipped('members', 'no endpoint answers');
    return findings;
  }
  const ids = new Set(statuses.map((each) => each.clusterId));
  if (ids.size > 1) {
    const found = statuses.map((each) => `${each.endpoint}: ${each.clusterId}`).join('; ');
    findings.failed('identity', found, 'setup', 'Give the endpoints of one cluster only.');
    return findings;
  }
  findings.ok('identity', `all endpoints belong to cluster ${statuses[0]?.clusterId}`);
  const size = Math.max(...examined.map((each) => each.members));
  const seen = new Set(statuses.map((each) => each.memberId)).size;
  if (seen >= size) findings.ok('members', `all ${seen} answer`);
  else {
    const fix = 'Add their endpoints, so that a save can choose among all; or bring them back.';
    findings.warning('members', `${seen} of ${size} answer at the given endpoints`, 'health', fix);
  }
  const furthest = Math.max(...statuses.map((each) => each.appliedIndex));
  const lagging = statuses.filter((each) => furthest - each.appliedIndex > limits.memberLagEntries);
  if (lagging.length === 0) findings.ok('lag', 'every member keeps up');
  else {
    const found = lagging.map((each) => `${each.endpoint} is ${furthest - each.appliedIndex} entries behind`);
    findings.failed('lag', found.join('; '), 'health', 'Check disk and network of that member.');
  }
  checkAlarms(findings, statuses);
  return findings;
}

function checkAlarms(
  findings: Findings,
  statuses: readonly { readonly alarms: readonly { readonly memberId: string; readonly alarm: string }[] }[],
): void {
  const alarms = new Set(
    statuses.flatMap((each) => each.alarms.map((alarm) => `${alarm.alarm} on ${alarm.memberId}`)),
  );
  if (alarms.size === 0) return findings.ok('alarms', 'none');
  const corrupt = [...alarms].some((each) => each.startsWith('CORRUPT'));
  findings.failed(
    'alarms',
    [...alarms].join(', '),
    corrupt ? 'data' : 'disk space',
    corrupt
      ? 'Save from another member now, then replace the corrupt one.'
      : 'Compact, defragment, then `etcdctl alarm disarm`. Saving works all the same.',
  );
}
