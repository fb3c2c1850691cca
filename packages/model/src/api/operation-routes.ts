import { z } from 'zod';
import { FleetAlert, Receiver, ReceiverSecret, ReceiverSpec } from '../fleet/alert.ts';
import { ClusterId, Moment, OperationId, ReceiverId } from '../fleet/ids.ts';
import { Operation, OperationEvent, OperationKind, operationStates } from '../fleet/operation.ts';
import { RestoreRequest } from '../fleet/restore-request.ts';
import { Attestation } from '../restore/restore-plan.ts';
import { PageQuery, pageOf, routesOf } from './route.ts';

const Cluster = z.strictObject({ cluster: ClusterId });
const OneOperation = z.strictObject({ operation: OperationId });
const OneReceiver = z.strictObject({ receiver: ReceiverId });

/** What a person can do with a restore that was begun. */
const restoreVerb = (verb: 'resume' | 'abort' | 'rollback' | 'release', summary: string) =>
  ({
    summary,
    method: 'POST',
    path: `/v1/operations/:operation/${verb}`,
    permission: 'restore',
    scope: 'thing',
    params: OneOperation,
    reply: Operation,
    status: 202,
    idempotent: true,
  }) as const;

/** Beside which machines are off for good: on the way back nothing is put back there, and nobody waits for them. */
const backVerb = (verb: 'resume' | 'abort' | 'rollback', summary: string) =>
  ({
    ...restoreVerb(verb, summary),
    body: z.strictObject({ attest: z.array(Attestation).max(50).default([]) }).prefault({}),
  }) as const;

export const operationRoutes = routesOf({
  planRestore: {
    summary: 'Makes the plan of a restore; nothing is changed. The plan is the result of the operation',
    method: 'POST',
    path: '/v1/clusters/:cluster/restore-plans',
    permission: 'restore',
    scope: 'cluster',
    params: Cluster,
    body: RestoreRequest,
    reply: Operation,
    status: 202,
    idempotent: true,
  },
  beginRestore: {
    summary: 'Begins a restore by a plan that was made; 409 with the holder while another one is at work',
    method: 'POST',
    path: '/v1/clusters/:cluster/restores',
    permission: 'restore',
    scope: 'cluster',
    params: Cluster,
    body: z.strictObject({
      /** The operation that made the plan, and the plan's hash. */
      plan: OperationId,
      hash: z.string(),
      /** The cluster's name, against mistakes. */
      confirm: z.string(),
    }),
    reply: Operation,
    status: 202,
    idempotent: true,
  },
  resumeRestore: backVerb('resume', 'Goes on with a restore that stands still'),
  abortRestore: backVerb('abort', 'Undoes a restore that is not over'),
  rollbackRestore: backVerb('rollback', 'Undoes a restore, finished or not'),
  releaseRestore: restoreVerb('release', 'Removes what a restore that is over has kept'),
  approveOperation: {
    summary: 'Allows what another person asked for',
    method: 'POST',
    path: '/v1/operations/:operation/approve',
    permission: 'approve',
    scope: 'thing',
    params: OneOperation,
    reply: Operation,
    status: 200,
  },
  cancelOperation: {
    summary: 'Gives up an operation that waits or can be stopped; a restore is aborted instead',
    method: 'POST',
    path: '/v1/operations/:operation/cancel',
    permission: 'save',
    scope: 'thing',
    params: OneOperation,
    body: z.strictObject({ reason: z.string().max(500).default('') }),
    reply: Operation,
    status: 200,
  },
  listOperations: {
    summary: 'Lists operations, newest first',
    method: 'GET',
    path: '/v1/operations',
    permission: 'view',
    scope: 'some',
    query: PageQuery.extend({
      cluster: ClusterId.optional(),
      kind: OperationKind.optional(),
      state: z.enum(operationStates).optional(),
    }),
    reply: pageOf(Operation),
    form: 'page',
    status: 200,
  },
  getOperation: {
    summary: 'Tells an operation',
    method: 'GET',
    path: '/v1/operations/:operation',
    permission: 'view',
    scope: 'thing',
    params: OneOperation,
    /** Milliseconds to wait for an end. */
    query: z.strictObject({ waitMs: z.coerce.number().int().min(0).max(55_000).default(0) }),
    reply: Operation,
    status: 200,
  },
  followOperation: {
    summary: 'Streams what happens in an operation until it is over; `Last-Event-ID` goes on after an event',
    method: 'GET',
    path: '/v1/operations/:operation/events',
    permission: 'view',
    scope: 'thing',
    params: OneOperation,
    reply: OperationEvent,
    form: 'events',
    status: 200,
  },
  listAlerts: {
    summary: 'Lists alerts, those that are over last',
    method: 'GET',
    path: '/v1/alerts',
    permission: 'view',
    scope: 'some',
    query: PageQuery.extend({ cluster: ClusterId.optional(), resolved: z.stringbool().default(false) }),
    reply: pageOf(FleetAlert),
    form: 'page',
    status: 200,
  },
  listReceivers: {
    summary: 'Lists who is told of alerts',
    method: 'GET',
    path: '/v1/receivers',
    permission: 'admin',
    scope: null,
    query: PageQuery,
    reply: pageOf(Receiver),
    form: 'page',
    status: 200,
  },
  createReceiver: {
    summary: 'Adds somebody who is told of alerts',
    method: 'POST',
    path: '/v1/receivers',
    permission: 'admin',
    scope: null,
    body: z.strictObject({ spec: ReceiverSpec, secret: ReceiverSecret }),
    reply: Receiver,
    status: 201,
    idempotent: true,
  },
  testReceiver: {
    summary: 'Tells a receiver a test alert',
    method: 'POST',
    path: '/v1/receivers/:receiver/test',
    permission: 'admin',
    scope: null,
    params: OneReceiver,
    reply: z.object({ ok: z.boolean(), why: z.string(), at: Moment }),
    status: 200,
  },
  deleteReceiver: {
    summary: 'Tells somebody no more',
    method: 'DELETE',
    path: '/v1/receivers/:receiver',
    permission: 'admin',
    scope: null,
    params: OneReceiver,
    reply: null,
    status: 204,
  },
});
