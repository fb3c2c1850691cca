import type { Clock } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import type { PolicySource } from '../../standalone/policy-watch.ts';
import type { Job } from '../../standalone/state.ts';
import type { KeptAssignment } from './assignment.ts';
import type { OwnRuns } from './own-runs.ts';

/**
 * Whether this node carries its cluster's policies out by itself: where it is the one that stands in, and the server has not
 * answered for so long. It is the daemon's source of policies, which has none of the fleet's otherwise.
 */
export class StandIn implements PolicySource {
  readonly #clock: Clock;
  readonly #assignment: KeptAssignment;
  readonly #ownRuns: OwnRuns;
  /** On the monotonic clock. */
  #heardAt: number;

  constructor(clock: Clock, assignment: KeptAssignment, ownRuns: OwnRuns) {
    this.#clock = clock;
    this.#assignment = assignment;
    this.#ownRuns = ownRuns;
    this.#heardAt = clock.monotonic();
  }

  /** The server has answered. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  get stands(): boolean {
    const assignment = this.#assignment.current;
    if (assignment === undefined || !assignment.standsIn) return false;
    return this.#clock.monotonic() - this.#heardAt >= assignment.standInAfterMs;
  }

  async stamp(): Promise<string> {
    return this.stands ? this.#assignment.version : '';
  }

  async read(): Promise<readonly Policy[]> {
    const assignment = this.#assignment.current;
    if (assignment === undefined || !this.stands) return [];
    const { policies, clusterName } = assignment;
    // In the repositories the cluster is known by the name that the fleet gives it.
    return policies.map(({ policy }) => ({ ...policy, cluster: policy.cluster ?? clusterName }));
  }

  /** When the newest run of a job that anybody began was due, the server or this agent; null: none is known. */
  begunBefore(policy: string, job: Job): string | null {
    if (job === 'prune') return null;
    const known = this.#assignment.current?.policies.find((each) => each.policy.name === policy);
    const all = [known?.lastScheduledFor[job], this.#ownRuns.begun(policy, job)];
    return (
      all
        .flatMap((each) => each ?? [])
        .toSorted()
        .at(-1) ?? null
    );
  }
}
