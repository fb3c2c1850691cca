import type { Failure } from '@holdfast/base';
import { defaultSnapshotName } from '@holdfast/model';
import type { VerbContext } from '../context.ts';
import { orAborted } from '../or-aborted.ts';
import { chosenMember } from './choose-member.ts';
import { collectFrom, tryCompanions, worriesOf } from './companions.ts';
import type { Delivery, SaveDestination } from './destination.ts';
import { Intents } from './intents.ts';
import { kubernetesUidOf } from './kubernetes-uid.ts';
import { Proofs } from './proofs.ts';
import { reportOf } from './report.ts';
import type { SaveOptions, SaveReport } from './save-options.ts';
import { discardAll, stageAll, type StageRequest } from './stage.ts';
import { storeDelivery, type StoreRequest } from './store.ts';
import { PlainLost, transfer, type Received, type Source } from './transfer.ts';

/**
 * Saves a snapshot of a live etcd: chooses a member, streams from it with the hash checked on the way, to all repositories
 * at once, asks it for its HashKV, stores the objects and then the manifests, all durable, and proves what is stored. Each
 * repository has its own result. Nothing is listed before it is whole, and what fails leaves nothing.
 *
 * @throws Failure etcd-unreachable, etcd-tls, etcd-auth, etcd-refused, etcd-no-quorum, etcd-unhealthy,
 * etcd-stream-broken, -stalled, -damaged; usage, snapshot-name-invalid; of a required repository cluster-ambiguous,
 * cluster-foreign, snapshot-name-taken; not-enough-space, disk-full, file-unwritable. When it could be stored nowhere,
 * what the first required repository failed with. After it is stored (and kept, marked damaged): etcd-hash-mismatch, snapshot-damaged. The signal's reason
 * when it is aborted; what is committed by then stays.
 */
export async function saveSnapshot(context: VerbContext, options: SaveOptions): Promise<SaveReport> {
  const { client } = options;
  const startedAt = context.clock.now();
  const began = context.clock.monotonic();
  const { choice, status } = await orAborted(chosenMember(options), context.signal);
  const uid = await orAborted(kubernetesUidOf(client, choice.member.endpoint), context.signal);
  const course: Course = {
    ...{ context, options, startedAt, kubernetesUid: uid },
    source: { client, choice, status },
    intents: new Intents(options.queue, options.destinations),
    proofs: new Proofs(context, {
      verify: options.verify !== false,
      readBack: options.readBack !== 'none',
    }),
    failures: new Map(),
    warnings: [],
    storedAt: began,
    committed: false,
  };
  const { intents, proofs, failures } = course;
  try {
    const deliveries = await deliverAll(course);
    const queued = new Set<SaveDestination>();
    for (const [destination, failure] of failures) {
      if (await intents.failed(destination, failure)) queued.add(destination);
    }
    if (proofs.failure !== undefined) throw proofs.failure;
    const report = await reportOf(options, { deliveries, failures, queued });
    const told = [course, intents, proofs, report];
    const warnings = told.flatMap((each) => each.warnings);
    const durationMs = context.clock.monotonic() - began;
    return { ...report, warnings, storedMs: course.storedAt - began, durationMs };
  } finally {
    await intents.end(course.committed);
  }
}

/** One save on its way. */
interface Course {
  readonly context: VerbContext;
  readonly options: SaveOptions;
  readonly startedAt: Date;
  readonly kubernetesUid: string | undefined;
  readonly source: Source;
  readonly intents: Intents;
  readonly proofs: Proofs;
  readonly failures: Map<SaveDestination, Failure>;
  readonly warnings: string[];
  /** When the last commit was, on the monotonic clock. */
  storedAt: number;
  committed: boolean;
}

/** Delivers to all that can be, anew without the one from whose plain file the others were made when that is lost. */
async function deliverAll(course: Course): Promise<readonly Delivery[]> {
  const { options, failures } = course;
  for (;;) {
    const left = options.destinations.filter((each) => !failures.has(each));
    const failed = (each: SaveDestination, failure: Failure): void => void failures.set(each, failure);
    const deliveries = await stageAll(left, stageRequest(course), failed);
    if (deliveries.length === 0) throw firstFailure(options.destinations, failures);
    try {
      await deliver(course, deliveries);
    } catch (error) {
      if (!(error instanceof PlainLost)) throw error;
    } finally {
      await discardAll(deliveries);
      for (const { destination, failure } of deliveries) if (failure) failed(destination, failure);
    }
    if (course.committed) return deliveries;
  }
}

function stageRequest({ options, source, startedAt, kubernetesUid, context }: Course): StageRequest {
  const { choice, status } = source;
  const name = defaultSnapshotName(options.base ?? 'on-demand', choice.member.name, startedAt);
  // What stood before a restore may be another Kubernetes, and belongs beside what replaces it all the same.
  const known = options.trigger === 'pre-restore' ? undefined : kubernetesUid;
  return {
    seen: { etcdId: status.clusterId, kubernetesUid: known },
    cluster: options.cluster,
    name: options.name ?? name,
    unique: options.name === undefined,
    signal: context.signal,
  };
}

async function deliver(course: Course, deliveries: readonly Delivery[]): Promise<void> {
  const { context, proofs, source } = course;
  const collecting = collected(course, deliveries);
  collecting?.catch(() => undefined);
  let ready: { request: StoreRequest; content: Parameters<Proofs['prove']>[2] } | undefined;
  await transfer(context, source, deliveries, {
    readsAll: course.options.verify !== false || collecting !== undefined,
    async received(received, content) {
      const node = await collecting;
      const companions = node && (await tryCompanions(node, content.source(), context));
      if (companions !== undefined) course.warnings.push(...worriesOf(companions.record));
      ready = { content, request: storeRequest(course, deliveries, received, companions) };
    },
    async written(delivery, bytes) {
      const { request, content } = ready!;
      await storeDelivery(context, delivery, bytes, request);
      if (!delivery.committed) return;
      course.committed = true;
      course.options.onStored?.(delivery.writer.name, delivery.destination.name);
      course.storedAt = context.clock.monotonic();
      await proofs.prove(delivery, bytes, content, claimsOf(request));
    },
  });
}

/** Companions are only collected where somebody will take them. */
function collected(
  { options, context, warnings }: Course,
  deliveries: readonly Delivery[],
): ReturnType<typeof collectFrom> | undefined {
  const { companionsRoot } = options;
  if (companionsRoot === undefined) return undefined;
  const open = deliveries.filter(({ as }) => as.encoding !== 'zstd+age');
  if (open.length === deliveries.length) return undefined;
  for (const { destination } of open) {
    warnings.push(
      `no companions are kept in ${destination.name}: it does not seal, and they are never stored open`,
    );
  }
  return collectFrom(companionsRoot, context.clock);
}

function storeRequest(
  { context, options, source, startedAt, kubernetesUid, intents }: Course,
  deliveries: readonly Delivery[],
  received: Received,
  companions: StoreRequest['companions'],
): StoreRequest {
  const { choice, status } = source;
  return {
    facts: {
      ...{ kubernetesUid, choice, status, startedAt, ...received },
      holdfast: context.holdfast,
      finishedAt: context.clock.now(),
      trigger: options.trigger ?? 'manual',
      policy: options.policy ?? null,
    },
    companions,
    readBack: options.readBack ?? 'full',
    intents,
    deliveries,
  };
}

function claimsOf({ facts }: StoreRequest): Parameters<Proofs['prove']>[3] {
  const { content, position, hashKv } = facts;
  return {
    content: { ...content, pageSize: position.pageSize },
    hashKv: 'hashKv' in hashKv ? hashKv.hashKv : null,
    revision: position.revision,
    compactRevision: position.compactRevision,
  };
}

/** Of a save that is stored nowhere: that of a required repository before others. */
function firstFailure(
  destinations: readonly SaveDestination[],
  failures: ReadonlyMap<SaveDestination, Failure>,
): Failure {
  const sorted = destinations.toSorted((a, b) => Number(b.required) - Number(a.required));
  const first = sorted.map((each) => failures.get(each)).find((each) => each !== undefined);
  if (first === undefined) throw new RangeError('a save needs a repository');
  return first;
}
