import { expect, test } from 'vitest';
import { findNodeParts } from './node-parts.ts';

/** A machine whose systemd tells of units so. */
function machine(states: Readonly<Record<string, string>>): Parameters<typeof findNodeParts>[0] {
  const blocks = Object.entries(states).map(
    ([unit, state]) => `Id=${unit}.service\\nLoadState=loaded\\nActiveState=${state}\\n`,
  );
  return { systemctl: ['sh', '-c', `printf '${blocks.join('\\n')}'`], docker: ['false'] };
}

const machines: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['runs', { k3s: 'active', 'k3s-agent': 'inactive' }, ['k3s.service']],
  ['is about to run', { kubelet: 'activating' }, ['kubelet.service']],
  ['has failed, and nothing else runs', { kubelet: 'failed', k3s: 'inactive' }, ['kubelet.service']],
  ['was left from an earlier life', { 'k3s-agent': 'failed', k3s: 'active' }, ['k3s.service']],
];

test.each(machines)('a unit that %s', async (_, states, parts) => {
  expect(await findNodeParts(machine(states))).toEqual(parts);
});
