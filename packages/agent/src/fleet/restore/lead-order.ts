import { Failure, isFailure } from '@holdfast/base';
import {
  abortRestore,
  adoptRestore,
  readRestore,
  releaseRestore,
  resumeRestore,
  rollbackRestore,
  runRestore,
  type RestoreEntry,
} from '@holdfast/engine';
import type { JournalRecord, RestoreReport } from '@holdfast/model';
import type { OrderInput } from '@holdfast/model/fleet';
import { contextOf } from '../../standalone/jobs/context.ts';
import type { Act, OrderPorts, Result } from '../orders/act.ts';
import { placedNodes } from './placed-nodes.ts';

type Lead = OrderInput<'lead'>;

/** The restores that this node leads. */
export class Leads {
  readonly #ports: OrderPorts;
  /** By restore: what was told to stop comes to a safe point before something else is done with it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(ports: OrderPorts) {
    this.#ports = ports;
  }

  /**
   * Leads a restore from this node, or goes on where its journal ends, and tells each of its records. Answers with its
   * report, whether it is finished or was put back; `release` with the paths that are gone.
   *
   * @throws Failure order-lost where nothing is known of the restore that is to be gone on with; as the engine's verbs
   */
  async carryOut(input: Lead, act: Act): Promise<Result> {
    const { id } = input.plan;
    const before = this.#last.get(id);
    const work = (before ?? Promise.resolve()).then(
      () => lead(this.#ports, input, act),
      () => lead(this.#ports, input, act),
    );
    this.#last.set(id, work);
    try {
      return await work;
    } finally {
      if (this.#last.get(id) === work) this.#last.delete(id);
    }
  }
}

async function lead(ports: OrderPorts, input: Lead, act: Act): Promise<Result> {
  const { plan, verb, records } = input;
  const { stateDir } = ports.jobs;
  act.signal.throwIfAborted();
  if (records !== undefined) await adoptRestore(stateDir, plan, records);
  const known = await knownRestore(stateDir, plan.id);
  if (known === undefined && verb !== 'run')
    throw new Failure('order-lost', `this node knows nothing of restore ${plan.id}`, { id: plan.id });
  const telling = RecordTelling.begin(act, known?.records ?? []);
  try {
    return await led(ports, input, act, { known, onRecord: (record) => telling.tell(record) });
  } finally {
    await telling.ended();
    await ports.door.withdraw(plan.id);
  }
}

interface Course {
  readonly known: RestoreEntry | undefined;
  readonly onRecord: (record: JournalRecord) => void;
}

async function led(ports: OrderPorts, input: Lead, act: Act, { known, onRecord }: Course): Promise<Result> {
  const { plan, placement, verb, by, attest } = input;
  const { jobs } = ports;
  const context = {
    ...contextOf(jobs, act.signal),
    onProgress: (progress: object) => act.progress({ ...progress }),
  };
  const nodes = placedNodes(ports, placement, act);
  const of = { id: plan.id, stateDir: jobs.stateDir, nodes, by, onRecord, ...(attest && { attest }) };
  if (verb === 'release') return { paths: await releaseRestore(context, of) };
  const over = overReport(verb, known);
  if (over !== undefined) return over;
  const repository = input.repository === null ? undefined : await jobs.open(input.repository, act.signal);
  const options = {
    ...{ ...of, connect: await ports.connector(), flags: [] },
    ...(repository !== undefined && { repository }),
  };
  try {
    if (verb === 'abort') return await abortRestore(context, options);
    if (verb === 'rollback') return await rollbackRestore(context, options);
    if (known !== undefined) return await resumeRestore(context, options);
    return await runRestore(context, { ...options, plan });
  } catch (error) {
    // It is put back, which its report tells best, the reason among the rest.
    const report = isFailure(error, 'restore-rolled-back')
      ? (await knownRestore(jobs.stateDir, plan.id))?.report
      : undefined;
    if (report === undefined) throw error;
    return report;
  }
}

/** Of a restore that is over already as the verb wants it, as by an earlier life of this process: its report. */
function overReport(verb: Lead['verb'], known: RestoreEntry | undefined): RestoreReport | undefined {
  const { outcome } = known?.state ?? {};
  const isOver =
    outcome === 'rolled-back' || (outcome === 'finished' && (verb === 'run' || verb === 'resume'));
  return isOver ? known?.report : undefined;
}

async function knownRestore(stateDir: string, id: string): Promise<RestoreEntry | undefined> {
  try {
    return await readRestore(stateDir, id);
  } catch (error) {
    if (isFailure(error, 'restore-missing')) return undefined;
    throw error;
  }
}

/** Tells each record of a restore once, also those that an earlier life of this process had no time to tell. */
class RecordTelling {
  readonly #act: Act;
  #last: Promise<void> = Promise.resolve();

  private constructor(act: Act) {
    this.#act = act;
  }

  /**
   * What the journal has already is told with each order from its start: an order of before may have been called off with
   * records that it had no time to tell.
   *
   * @param there the records that the journal has before anything is done
   */
  static begin(act: Act, there: readonly JournalRecord[]): RecordTelling {
    const telling = new RecordTelling(act);
    const told = act.told.filter(({ type }) => type === 'record').length;
    for (const record of there.slice(told)) telling.tell(record);
    return telling;
  }

  tell(record: JournalRecord): void {
    this.#last = this.#last.then(() => this.#act.tell('record', { record }));
    // A full disk: the journal of the restore has it, and tells it later.
    this.#last.catch(() => {});
  }

  async ended(): Promise<void> {
    await this.#last.catch(() => {});
  }
}
