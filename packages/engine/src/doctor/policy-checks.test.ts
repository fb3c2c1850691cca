import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Policy } from '@holdfast/model';
import { openRepository } from '@holdfast/repository';
import { afterAll, describe, expect, it } from 'vitest';
import { checkPolicies, keptAtMost, type SeenRepository } from './policy-checks.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-policies-'));
afterAll(() => rmSync(folder, { recursive: true }));
const now = new Date('2026-11-22T12:00:00Z');

function policy(changes: object = {}): Policy {
  return Policy.parse({
    name: 'daily',
    schedule: { cron: '0 */6 * * *' },
    targets: [{ repository: 'local' }],
    retention: { last: 5 },
    ...changes,
  });
}

async function told(of: Policy, seen: readonly SeenRepository[] = []): Promise<string[]> {
  const [findings] = await checkPolicies([of], seen, now);
  return findings!.checks.map(({ check, outcome }) => `${check}: ${outcome}`);
}

describe('whether a policy can hold what it promises', () => {
  it('is said of its schedule, its pause and its repositories', async () => {
    expect(await told(policy())).toEqual(['schedule: ok', 'copy in local: skipped']);
    expect(await told(policy({ schedule: null }))).toContain('schedule: warning');
    const pause = { since: '2026-11-01T00:00:00Z', until: null, reason: 'a move' };
    expect(await told(policy({ pause }))).toContain('paused: warning');
    expect(await told(policy({ pause: { ...pause, until: '2026-11-02T00:00:00Z' } }))).not.toContain(
      'paused: warning',
    );
    expect(await told(policy({ rpo: '1h' }))).toEqual(['promise: failed']);
  });

  it('is not, where nothing of it is verified', async () => {
    const { snapshots } = await (await openRepository(folder, { create: true })).snapshots();
    expect(await told(policy(), [{ name: 'local', snapshots, folder }])).toContain('proof in local: failed');
  });
});

describe('how many snapshots are kept at most', () => {
  it.each([
    [{ last: 5 }, 6],
    [{ within: '1d' }, 5],
    [{ daily: 7, weekly: 4 }, 12],
    [{ last: 1, minimum: 10 }, 11],
    [{}, undefined],
    [{ maxBytes: 100 }, undefined],
  ])('%j', (rules, most) => {
    expect(keptAtMost(policy({ retention: rules }).retention, 6 * 3_600_000)).toBe(most);
  });
});
