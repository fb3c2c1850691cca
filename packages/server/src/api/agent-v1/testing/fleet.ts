import { createPrivateKey, webcrypto } from 'node:crypto';
import type { Inventory, Order, SyncReply, SyncRequest } from '@holdfast/model/fleet';
import type { z } from 'zod';
import { auditor } from '../../../audit/auditor.ts';
import type { AgentCaller } from '../../../auth/caller.ts';
import { newToken } from '../../../auth/token.ts';
import { makeGate, type AgentGate } from '../../../gate/gate.ts';
import { newId } from '../../../ids.ts';
import { openAuthority, type Authority } from '../../../pki/authority.ts';
import * as x509 from '../../../pki/x509.ts';
import { testContext, type TestContext } from '../../../testing/context.ts';
import type { AgentApiParts } from '../parts.ts';
import { sync } from '../sync.ts';

export type Reply = z.infer<typeof SyncReply>;

/** A server's part for agents, on a real store; several of them are replicas. */
export interface Replica {
  readonly parts: AgentApiParts;
  readonly gate: AgentGate;
  /** As an agent's request that is not dropped. */
  readonly sync: (caller: AgentCaller, request?: Partial<SyncRequest>) => Promise<Reply>;
  stop(): Promise<void>;
}

export interface TestFleet extends AsyncDisposable {
  readonly context: TestContext;
  readonly authority: Authority;
  readonly replicas: readonly Replica[];
  cluster(name: string): Promise<string>;
  /** A node that has joined, with a member of etcd where it is said so. */
  node(cluster: string, name: string, hasMember?: boolean): Promise<AgentCaller>;
  joinToken(cluster: string, uses?: number | null): Promise<string>;
  /** Makes an operation, and in it an order. */
  order(node: AgentCaller, wanted?: Partial<Order>, key?: string): Promise<Order>;
  /** Lets time pass, and what waits for it be done. */
  pass(ms: number): Promise<void>;
}

/** A request of an agent that has nothing to tell. */
export function quietRequest(now: Date): SyncRequest {
  return {
    agentVersion: '0.0.0-test',
    now: now.toISOString(),
    waitMs: 0,
    inventoryHash: '',
    assignment: '',
    running: [],
    outcomes: [],
    events: [],
    ownRuns: [],
  };
}

/** What is under way goes on as far as it can. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function testFleet(count = 1): Promise<TestFleet> {
  const context = await testContext();
  const authority = await openAuthority(context);
  const replicas = Array.from({ length: count }, () => replica(context, authority));
  const { store, clock, random } = context;
  return {
    ...{ context, authority, replicas },
    async cluster(name) {
      const spec = { name, description: '', distribution: 'etcd' as const, repositories: [], approvals: 0 };
      const id = newId('c', random);
      await store.clusters.create({ id, spec, createdAt: clock.now().toISOString() });
      return id;
    },
    async node(cluster, name, hasMember = false) {
      const node = newId('n', random);
      const certificateNotAfter = new Date(clock.now().getTime() + 30 * 24 * 3_600_000).toISOString();
      const joinedAt = clock.now().toISOString();
      await store.nodes.create({ id: node, cluster, name, joinedAt, certificateNotAfter });
      if (hasMember) await store.nodes.setInventory(node, inventoryOf(name), 'first');
      return { node, cluster, address: '127.0.0.1' };
    },
    async joinToken(cluster, uses = null) {
      const id = newId('j', random);
      const { token, hash } = newToken('hfj', id, random);
      const expiresAt = new Date(clock.now().getTime() + 3_600_000).toISOString();
      await store.joinTokens.create({ id, hash, cluster, expiresAt, usesLeft: uses, createdBy: 'ada' });
      return token;
    },
    order: (node, wanted, key) => order(context, node, wanted, key),
    async pass(ms) {
      clock.advance(ms);
      await settled();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(replicas.map((each) => each.stop()));
      await context[Symbol.asyncDispose]();
    },
  };
}

function replica(context: TestContext, authority: Authority): Replica {
  const gate = makeGate(context, { standInAfterMs: 60_000 });
  const parts = { context, gate, authority, auditor: auditor(context) };
  const end = new AbortController();
  const running = gate.run(end.signal);
  return {
    ...{ parts, gate },
    sync: (caller, request) =>
      sync(parts, caller, { ...quietRequest(context.clock.now()), ...request }, new AbortController().signal),
    async stop() {
      end.abort();
      await running;
    },
  };
}

async function order(
  { store, clock, random }: TestContext,
  { node, cluster }: AgentCaller,
  wanted: Partial<Order> = {},
  key = 'first',
): Promise<Order> {
  const at = clock.now().toISOString();
  const { operation } = await store.operations.create({
    ...{ id: newId('op', random), kind: 'verify', cluster, state: 'running', phase: null, why: '' },
    ...{ steps: [], policy: null, trigger: 'manual', scheduledFor: null, requestedBy: 'ada' },
    ...{ approvals: [], approvalsNeeded: 0, node, createdAt: at, startedAt: at, endedAt: null },
    ...{ input: {}, result: null, failure: null },
  });
  const { order } = await store.orders.create(
    {
      ...{ id: newId('o', random), operation: operation.id, node, kind: 'verify' },
      ...{ input: { repository: 'main', cluster: 'prod', snapshot: 'one' } },
      ...{ issuedBy: 'server', createdAt: at, deadline: null },
      ...wanted,
    },
    key,
  );
  return order;
}

/** Of a machine with one member of etcd. */
export function inventoryOf(name: string): Inventory {
  const description = {
    ...{ name, peerUrls: ['http://10.0.0.1:2380'], clientUrls: ['http://10.0.0.1:2379'] },
    dataDir: '/var/lib/etcd',
    run: { driver: 'systemd' as const, unit: 'etcd.service' },
  };
  return {
    ...{ hostname: name, addresses: ['10.0.0.1'], system: 'linux x64 6.1.0', driver: 'systemd' },
    members: [
      {
        ...{ description, running: true, answers: true, inQuorum: true, isLeader: false, isLearner: false },
        ...{
          id: null,
          clusterId: null,
          version: null,
          revision: null,
          raftIndex: 7,
          dbBytes: null,
          alarms: [],
        },
      },
    ],
    ...{ components: [], kubernetesVersion: null, certificates: [], notes: [] },
    disks: [{ path: '/var/lib/holdfast', totalBytes: 10, freeBytes: 5 }],
  };
}

/** A key and a request that is signed by it, as PEM. */
export async function newRequest(): Promise<{ readonly key: string; readonly csr: string }> {
  const { subtle } = webcrypto;
  const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await subtle.generateKey(signing, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: ['whoever'] }],
    keys,
    signingAlgorithm: signing,
  });
  const der = Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), csr: request.toString('pem') };
}
