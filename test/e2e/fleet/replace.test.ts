import { hostsOrSkip, inTurn } from '@holdfast/test-servers';
import { afterEach, describe, expect, test } from 'vitest';
import { describeAnew } from './describe-anew.ts';
import type { EtcdNode } from './etcd-node.ts';
import { type Content, Fleet } from './fleet.ts';
import { expectSame } from './outcome.ts';

const { skip } = await hostsOrSkip();

/** Somebody who writes all the while, one key after the other. */
class Writer {
  readonly written: { readonly key: string; readonly revision: number }[] = [];
  readonly #gateway;
  readonly #end = new AbortController();
  readonly #writing: Promise<void>;

  constructor(node: EtcdNode) {
    this.#gateway = node.gateway();
    this.#writing = this.#write();
    // It is looked at when it is stopped.
    this.#writing.catch(() => {});
  }

  async #write(): Promise<void> {
    for (let i = 0; !this.#end.signal.aborted; i += 1) {
      const key = `/registry/written/${String(i).padStart(6, '0')}`;
      this.written.push({ key, revision: await this.#acknowledged(key) });
    }
  }

  /** A cluster that elects a leader takes no write for a moment. */
  async #acknowledged(key: string): Promise<number> {
    for (;;) {
      try {
        return (await this.#gateway.put(key, key)).revision;
      } catch (error) {
        if (!/timed out|no leader|leader changed/.test(String(error))) throw error;
      }
    }
  }

  /** @throws what a write was refused with */
  async stopped(): Promise<string[]> {
    this.#end.abort();
    try {
      await this.#writing;
    } finally {
      this.#gateway.close();
    }
    return this.written.map(({ key }) => key);
  }
}

describe.skipIf(skip)(
  'one of three members is lost, and replaced while the others serve:',
  { timeout: 180_000 },
  () => {
    let fleet: Fleet;
    let content: Content;
    afterEach(async () => fleet?.[Symbol.asyncDispose]());

    /** Replaces what is lost while somebody writes. */
    async function replaced(members: readonly EtcdNode[]): Promise<void> {
      const writer = new Writer(fleet.members[0]!);
      const operation = await fleet.restore({ way: 'replace' });
      const written = await writer.stopped();
      expect({ state: operation.state, phase: operation.phase, failure: operation.failure }).toEqual({
        ...{ state: 'succeeded', phase: 'Finished', failure: null },
      });
      expect(written.length).toBeGreaterThan(100);
      // No revision is lost, also none of those that are history.
      for (const node of members) {
        const gateway = node.gateway();
        for (const { key, revision } of [writer.written[0]!, writer.written.at(-1)!]) {
          const { keyValues } = await gateway.range({ key, revision });
          expect(keyValues.map(({ modRevision }) => modRevision)).toEqual([revision]);
        }
        gateway.close();
      }
      await expectSame(fleet, content, members, [...content.atEnd, ...written].toSorted());
    }

    test.each(inTurn(['its own machine', 'a new machine'] as const, 2))('on %s', async (where) => {
      const isNew = where === 'a new machine';
      fleet = await Fleet.make({ members: 3, spare: isNew ? 1 : 0 });
      content = await fleet.fillAndSave();
      const [n1, n2, n3, n4] = fleet.nodes as [EtcdNode, EtcdNode, EtcdNode, EtcdNode];
      if (!isNew) {
        await n3.killEtcd();
        n3.wipe();
        return replaced(fleet.members);
      }
      await n3.host.powerOff();
      await fleet.away([n3]);
      n4.member = n3.member;
      await describeAnew(fleet, n4);
      await replaced([n1, n2, n4]);
      // Back again, it is told that it was removed, or that it is not who the cluster has under its name.
      await n3.host.powerOn();
      await n3.startEtcd(fleet.founding);
      await expect.poll(() => n3.log('etcd'), { timeout: 20_000 }).toMatch(/removed|not match/);
    });
  },
);
