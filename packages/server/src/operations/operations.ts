import type { Operation, RestoreRequest } from '@holdfast/model/fleet';
import type { Attestation, Policy } from '@holdfast/model';

/** Who asks, as the operation and the audit log name them. */
export interface Asker {
  readonly by: string;
  readonly trigger: Operation['trigger'];
}

/** What a person wants done with a restore that was begun. */
export interface WantedAgain {
  readonly verb: 'resume' | 'abort' | 'rollback' | 'release';
  /** Whose machines are off for good, on the word of who asks: on the way back nothing is put back there. */
  readonly attest: readonly Attestation[];
}

/**
 * How everything that is done to clusters is asked for: by the REST API, by Rancher's, and by the scheduler. Each returns
 * once it is stored; a runner, of this replica or another, carries it out.
 */
export interface Operations {
  /** @throws Failure cluster-unknown, repository-unknown, policy-unknown, snapshot-name-invalid, no-repository */
  save(
    asker: Asker,
    wanted: {
      readonly cluster: string;
      readonly policy: Policy | null;
      /** Null: the policy's, else the cluster's. */
      readonly repositories: readonly string[] | null;
      readonly name: string | null;
      readonly scheduledFor: string | null;
    },
  ): Promise<Operation>;
  /** @throws Failure cluster-unknown, snapshot-unknown */
  onSnapshot(
    asker: Asker,
    kind: 'verify' | 'drill' | 'delete',
    wanted: { readonly cluster: string; readonly snapshot: string; readonly reason: string },
  ): Promise<Operation>;
  job(
    asker: Asker,
    kind: 'prune' | 'check' | 'drill',
    wanted: { readonly cluster: string; readonly policy: Policy; readonly scheduledFor: string | null },
  ): Promise<Operation>;
  /** @throws Failure cluster-unknown, snapshot-unknown, no-node */
  plan(
    asker: Asker,
    wanted: { readonly cluster: string; readonly request: RestoreRequest },
  ): Promise<Operation>;
  /**
   * The same, and once the plan stands and no check of it has failed the runner asks for its restore by itself, in the
   * asker's name: for clients that cannot read a plan, as Rancher's are. The plan's result then names the restore
   * (`restore`); where a check has failed, or another operation holds the cluster meanwhile, the operation ends as failed
   * with the reason.
   *
   * @throws Failure as `plan`; cluster-busy with the holder
   */
  planAndRestore(
    asker: Asker,
    wanted: { readonly cluster: string; readonly request: RestoreRequest },
  ): Promise<Operation>;
  /**
   * @throws Failure operation-unknown, plan-unusable (not one that was made, its hash differs, a check of it failed, or it
   *   is too old), confirm-wrong, cluster-busy with the holder
   */
  restore(
    asker: Asker,
    wanted: {
      readonly cluster: string;
      readonly plan: string;
      readonly hash: string;
      readonly confirm: string;
    },
  ): Promise<Operation>;
  /**
   * The restart of what runs Kubernetes on the nodes, one after the other.
   *
   * @throws Failure cluster-unknown, cluster-busy with the holder, node-unknown, nothing-to-restart
   */
  restartNodes(
    asker: Asker,
    wanted: {
      readonly cluster: string;
      /** Ids of those that are meant; null: all of the cluster. */
      readonly only: readonly string[] | null;
    },
  ): Promise<Operation>;
  /** @throws Failure operation-unknown, operation-state: it cannot be done now, or who is vouched for can be reached */
  again(asker: Asker, operation: string, wanted: WantedAgain): Promise<Operation>;
  /** @throws Failure operation-unknown, operation-state, approval-refused: one's own, or given already */
  approve(asker: Asker, operation: string): Promise<Operation>;
  /** @throws Failure operation-unknown, operation-state */
  cancel(asker: Asker, operation: string, reason: string): Promise<Operation>;
}
