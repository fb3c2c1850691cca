import type { Change, Step } from './history.ts';

/** A key as the model holds it; etcd must agree in each of these. */
export interface ModelKey {
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/** What etcd should hold after a history, by the documented rules of its store; written without looking at etcd's bytes. */
export class Model {
  revision = 1;
  compacted = 0;
  readonly keys = new Map<string, ModelKey>();
  readonly leases = new Set<bigint>();

  play(step: Step): void {
    switch (step.do) {
      case 'put':
        return this.#commit([
          { put: step.key, value: step.value, ...(step.lease !== undefined && { lease: step.lease }) },
        ]);
      case 'delete':
        return this.#commit(this.#within(step.key, step.end).map((key) => ({ delete: key })));
      case 'txn':
        return this.#commit(step.changes);
      case 'grant':
        this.leases.add(step.lease);
        return undefined;
      case 'revoke':
        this.leases.delete(step.lease);
        return this.#commit(
          [...this.keys].filter(([, each]) => each.lease === step.lease).map(([key]) => ({ delete: key })),
        );
      case 'compact':
        this.compacted = this.compactionOf(step) ?? this.compacted;
        return undefined;
      case 'defragment':
        return undefined;
    }
  }

  /** The revision that a compaction step means, or undefined when it would go back behind an earlier one. */
  compactionOf(step: Extract<Step, { do: 'compact' }>): number | undefined {
    const revision = this.revision - step.back;
    return revision > this.compacted && revision > 0 ? revision : undefined;
  }

  /** One transaction is one revision, if it changes anything at all. */
  #commit(changes: readonly Change[]): void {
    const real = changes.filter((change) => 'put' in change || this.keys.has(change.delete));
    if (real.length === 0) return;
    this.revision += 1;
    for (const change of real) {
      if (!('put' in change)) {
        this.keys.delete(change.delete);
        continue;
      }
      const before = this.keys.get(change.put);
      this.keys.set(change.put, {
        value: change.value,
        createRevision: before?.createRevision ?? this.revision,
        modRevision: this.revision,
        version: (before?.version ?? 0) + 1,
        lease: change.lease ?? 0n,
      });
    }
  }

  #within(key: string, end: string | undefined): string[] {
    if (end === undefined) return this.keys.has(key) ? [key] : [];
    return [...this.keys.keys()].filter((each) => each >= key && each < end);
  }
}
