import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { Retention } from '@holdfast/model';
import { openRepository, type Repository } from '@holdfast/repository';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { previewRetention } from './preview.ts';
import { prune, type PruneResult } from './prune.ts';
import type { RetainRequest } from './retain-request.ts';

let folder: string;
let repository: Repository;
let now: Date;
const clock = { ...systemClock, now: () => now };
const context: VerbContext = { clock, signal: new AbortController().signal, holdfast: '0.1.0' };
const atOnce = (retention: object): RetainRequest => ({
  policy: 'daily',
  retention: Retention.parse(retention),
  cluster: 'prod',
  graceMs: 0,
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-retain-'));
  now = new Date('2026-11-22T12:00:00Z');
  repository = await openRepository(folder, { create: true, clock });
});
afterEach(() => rm(folder, { recursive: true }));

/** Stores verified snapshots of the policy, named after their days, the last one of 21 November. */
async function save(days: number, cluster = 'prod'): Promise<string> {
  const owner = await repository.addCluster(cluster);
  for (let i = days - 1; i >= 0; i -= 1) {
    const at = new Date(Date.UTC(2026, 10, 21 - i, 2)).toISOString();
    const name = `d${at.slice(8, 10)}`;
    const times = { startedAt: at, finishedAt: at };
    await storeSnapshot(repository, owner, name, Buffer.from(name), { policy: 'daily', times });
    await repository.addEvidence({ name, cluster: owner }, evidenceOf(name, at, 'passed'));
  }
  return owner.id;
}

const names = async (): Promise<string[]> => (await repository.snapshots()).snapshots.map(({ name }) => name);
const told = ({ snapshots }: PruneResult): (readonly [string, string, string])[] =>
  snapshots.map(({ entry, outcome, reasons }) => [entry.name, outcome, reasons.join('; ')]);

describe('what happens between the plan and the deletion', () => {
  test('the newer ones are deleted by somebody: the rules are asked again, and what they keep now stays', async () => {
    const cluster = await save(4);
    const request = atOnce({ last: 2 });
    const plan = await previewRetention(context, repository, request);
    await repository.deleteSnapshot(cluster, 'd21');
    await repository.deleteSnapshot(cluster, 'd20');
    const result = await prune(context, repository, request, plan);
    expect(await names()).toEqual(['d18', 'd19']);
    expect(told(result).slice(2)).toEqual([
      [
        'd19',
        'kept',
        'the newest verified one of its cluster; one of the newest 1 (minimum); among the newest (last 1 of 2)',
      ],
      ['d18', 'kept', 'among the newest (last 2 of 2)'],
    ]);
  });

  test('a pin: it is kept, and the pin is told as the reason', async () => {
    await save(3);
    const request = atOnce({ last: 1 });
    const plan = await previewRetention(context, repository, request);
    await repository.pin(await repository.snapshot('d19'), 'audit');
    const result = await prune(context, repository, request, plan);
    expect(told(result).slice(1)).toEqual([
      ['d20', 'deleted', 'no rule keeps it (last 1)'],
      ['d19', 'kept', 'pinned: audit'],
    ]);
  });

  test('somebody takes the mark off: it is not deleted', async () => {
    await save(2);
    const { graceMs: _, ...request } = atOnce({ last: 1 });
    await prune(context, repository, request);
    now = new Date('2026-11-23T12:00:00Z');
    const plan = await previewRetention(context, repository, request);
    expect(plan.snapshots.map(({ fate }) => fate)).toEqual(['kept', 'deleted']);
    await repository.unmarkUnwanted(await repository.snapshot('d20'));
    const result = await prune(context, repository, request, plan);
    expect(await names()).toEqual(['d20', 'd21']);
    expect(told(result)[1]).toEqual(['d20', 'marked', 'no rule keeps it (last 1)']);
  });

  test('a snapshot that is to be marked is deleted by somebody: the mark does not stay behind', async () => {
    const cluster = await save(3);
    const { graceMs: _, ...request } = atOnce({ last: 1 });
    const plan = await previewRetention(context, repository, request);
    await repository.deleteSnapshot(cluster, 'd20');
    await prune(context, repository, request, plan);
    const result = await prune(context, repository, request);
    expect(result.cleared).toEqual([{ clusterId: cluster, name: 'd20' }]);
    expect((await repository.snapshots()).unfinished).toEqual([]);
  });

  test('the newer ones turn out to be damaged: what is proven stays', async () => {
    const owner = await save(3);
    const request = atOnce({ last: 1 });
    const plan = await previewRetention(context, repository, request);
    for (const name of ['d21', 'd20'])
      await repository.addEvidence(
        { name, cluster: { id: owner } },
        evidenceOf(name, now.toISOString(), 'failed'),
      );
    await prune(context, repository, request, plan);
    expect(await names()).toContain('d19');
  });

  test('two prune at once: nothing fails, and nothing is left half', async () => {
    await save(6);
    const request = atOnce({ last: 2 });
    const other = await openRepository(folder, { create: false, clock });
    const results = await Promise.all([prune(context, repository, request), prune(context, other, request)]);
    for (const { snapshots } of results)
      for (const { outcome, failure } of snapshots) {
        expect(failure?.code).toBeUndefined();
        expect(['kept', 'deleted', 'gone', 'busy']).toContain(outcome);
      }
    const { snapshots, unfinished } = await repository.snapshots();
    expect([snapshots.map(({ name }) => name), unfinished]).toEqual([['d20', 'd21'], []]);
  });
});

test('clusters whose records cannot be read are not taken for none, nor for one', async () => {
  const prod = await save(2);
  const lab = await save(2, 'lab');
  const { cluster: _, ...request } = atOnce({ last: 1 });
  for (const id of [lab, prod]) {
    await writeFile(join(folder, 'clusters', id, 'cluster.json'), '{');
    await expect(prune(context, repository, request)).rejects.toMatchObject({ code: 'cluster-ambiguous' });
  }
  expect(await names()).toHaveLength(4);
});

test('a rule of any length fits into the mark', async () => {
  await save(2);
  const { graceMs: _, ...request } = atOnce({ within: '1s'.repeat(600) });
  expect(told(await prune(context, repository, request))[1]?.[1]).toBe('marked');
});

test('a verification by a clock that was years ahead does not hide that a later one failed', async () => {
  const owner = await save(3);
  const at = { cluster: { id: owner }, name: 'd21' };
  await repository.addEvidence(at, evidenceOf('d21', '2031-01-01T00:00:00.000Z', 'passed'));
  await repository.addEvidence(at, evidenceOf('d21', now.toISOString(), 'failed'));
  await prune(context, repository, atOnce({ last: 1 }));
  expect(await names()).toEqual(['d20', 'd21']);
  expect((await repository.snapshot('d21')).state).toBe('damaged');
});
