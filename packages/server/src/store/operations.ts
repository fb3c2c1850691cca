import type { Operation, OperationEvent, OperationKind, OperationState } from '@holdfast/model/fleet';
import type { Page, PageAsked } from './store.ts';

/** What can change of an operation. */
export type OperationChange = Partial<
  Pick<
    Operation,
    | 'state'
    | 'phase'
    | 'why'
    | 'steps'
    | 'approvals'
    | 'node'
    | 'startedAt'
    | 'endedAt'
    | 'result'
    | 'failure'
  >
>;

/** How operations of one kind ended last under a policy. */
export interface LastEnded {
  readonly cluster: string;
  readonly policy: string;
  readonly state: OperationState;
  readonly endedAt: string;
  readonly why: string;
  /** When the newest that succeeded ended; null: none has. */
  readonly succeededAt: string | null;
}

export interface OperationTable {
  /**
   * @returns the operation; where one with the same policy, kind and `scheduledFor` is there already, that one with
   *   `isNew` false, and nothing is made
   * @throws Failure cluster-unknown
   */
  create(operation: Operation): Promise<{ readonly operation: Operation; readonly isNew: boolean }>;
  get(id: string): Promise<Operation | undefined>;
  /** Newest first. `clusters`: of these alone; null: of all. */
  list(
    asked: PageAsked & {
      readonly clusters: readonly string[] | null;
      readonly kind?: OperationKind | undefined;
      readonly state?: OperationState | undefined;
    },
  ): Promise<Page<Operation>>;
  /** Those of a cluster that are not over. */
  open(cluster: string): Promise<readonly Operation[]>;
  /**
   * Takes operations that are `waiting` or `running` and that nobody has claimed, this runner neither, oldest first. No two
   * runners ever hold the same.
   */
  claim(runner: string, now: string, until: string, limit: number): Promise<readonly Operation[]>;
  /** Holds on to them for longer. @returns the ids that are still this runner's */
  renew(runner: string, ids: readonly string[], until: string): Promise<readonly string[]>;
  /** Lets go of one: anybody may claim it at once, or only from a moment on. */
  unclaim(runner: string, id: string, notBefore?: string): Promise<void>;
  /**
   * Changes it, appends what happened, in one; rings the bell of the operation afterwards.
   *
   * @param runner who must still have it claimed; null: nobody need (a person's doing)
   * @returns undefined, and nothing is changed, where it is another's, where it is not in `from` (when given), or gone
   */
  change(
    id: string,
    runner: string | null,
    change: OperationChange,
    events?: readonly Omit<OperationEvent, 'operation' | 'n'>[],
    from?: readonly OperationState[],
  ): Promise<Operation | undefined>;
  /**
   * Events from number `from` on, in order, numbered from 0 without holes. `progress` takes no number: the newest comes after
   * all others, with the number of the event that it followed, as long as none came after it; so who asks from one more than
   * the last number gets it again, and knows it by its moment.
   */
  events(id: string, from: number, limit: number): Promise<readonly OperationEvent[]>;
  /** By cluster and policy: the newest of a kind that has ended, and when the newest one that succeeded has. */
  lastEnded(kind: OperationKind): Promise<readonly LastEnded[]>;
  /** Removes those that ended before a moment, but the newest so many of each cluster and kind. */
  removeEnded(before: string, keep: number): Promise<number>;
}
