import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { NodeContext, RestoreNode, StepEvidence, StepOrder } from '@holdfast/engine';
import {
  unseen,
  type MemberDescription,
  type PlannedMember,
  type RestorePlan,
  type StepKind,
} from '@holdfast/model';
import { localNode } from '../local-node.ts';

/** The id of the restores of tests. */
export const testId = 'r-20260101t000000z-0a1b2c';

export const testContext: NodeContext = { clock: systemClock, signal: new AbortController().signal };

/** A member that nothing runs, below `root`. */
export function testMember(root: string, options: Partial<MemberDescription> = {}): PlannedMember {
  return {
    name: 'm1',
    peerUrls: ['http://127.0.0.1:1'],
    clientUrls: ['http://127.0.0.1:2'],
    dataDir: join(root, 'data'),
    run: { driver: 'process', command: ['/bin/false'], environment: {}, logFile: join(root, 'm1.log') },
    ...options,
    role: 'member',
    sight: { ...unseen(), running: false },
  };
}

/** A plan for members, from a snapshot file. */
export function testPlan(
  members: readonly PlannedMember[],
  file: string,
  options: Partial<RestorePlan> = {},
): RestorePlan {
  const bytes = readFileSync(file);
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestorePlan',
    id: testId,
    createdAt: '2026-01-01T00:00:00.000Z',
    holdfast: '0',
    cluster: { name: 'prod', oldId: null },
    why: '',
    way: 'snapshot',
    strategy: 'all',
    seed: null,
    source: {
      kind: 'snapshot',
      label: file,
      path: file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      size: bytes.length,
      revision: 1,
      takenAt: null,
    },
    token: 'restored',
    bump: { by: 1000, markCompacted: true },
    expected: { clusterId: null, revision: null },
    members: [...members],
    controlPlane: [],
    loss: { revisions: null, since: null, objects: null, why: '' },
    checks: [],
    skips: [],
    steps: [],
    estimateMs: 0,
    by: 'tester@here',
    hash: '0'.repeat(64),
    ...options,
  };
}

/** A restore on one member, that remembers what its steps have found, as a journal does. */
export class TestRestore {
  readonly plan: RestorePlan;
  readonly member: PlannedMember;
  readonly found: Partial<Record<StepKind, StepEvidence>> = {};
  readonly #node: RestoreNode = localNode(systemClock);

  constructor(plan: RestorePlan, member: PlannedMember) {
    this.plan = plan;
    this.member = member;
  }

  /** Carries steps out, in this order. */
  async perform(
    kinds: readonly StepKind[],
    more: Partial<StepOrder> = {},
    context: NodeContext = testContext,
  ): Promise<StepEvidence> {
    let evidence: StepEvidence = {};
    for (const kind of kinds) {
      evidence = await this.#node.perform(this.order(kind, more), context);
      this.found[kind] = evidence;
    }
    return evidence;
  }

  /** Undoes steps, in this order. */
  async undo(kinds: readonly StepKind[], more: Partial<StepOrder> = {}): Promise<StepEvidence> {
    let evidence: StepEvidence = {};
    for (const kind of kinds) evidence = await this.#node.undo(this.order(kind, more), testContext);
    return evidence;
  }

  async release(): Promise<readonly string[]> {
    return this.#node.release(this.plan, this.member, testContext);
  }

  order(kind: StepKind, more: Partial<StepOrder> = {}): StepOrder {
    const { plan, member, found } = this;
    const { source } = plan;
    if (source.kind !== 'snapshot') return { plan, member, kind, found, ...more };
    const { sha256, size, path } = source;
    const artefact = {
      sha256,
      size,
      open: async function* open(_signal: AbortSignal, from = 0) {
        yield readFileSync(path!).subarray(from);
      },
    };
    return { plan, member, kind, found, artefact, ...more };
  }
}
