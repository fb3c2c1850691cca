import type { Clock } from '@holdfast/base';
import type {
  ComponentDescription,
  MemberDescription,
  MemberSight,
  PlannedChange,
  PlannedComponent,
  PlannedMember,
  RestorePlan,
  RestoreScope,
  StepKind,
  WantedConfiguration,
} from '@holdfast/model';
import type { PeerArtefact } from '@holdfast/model/fleet';
import type { Progress } from '../context.ts';

/** What a step found or did, as JSON; it is kept in the journal. */
export type StepEvidence = Readonly<Record<string, unknown>>;

/** The bytes of a snapshot, wherever they are. */
export interface ArtefactSource {
  readonly sha256: string;
  readonly size: number;
  /** @param from the first byte that is wanted; 0 when absent */
  open(signal: AbortSignal, from?: number): AsyncIterable<Uint8Array>;
  /**
   * Of bytes that lie on another machine: where its peers get them, so that they need not pass through whoever leads. Absent
   * where whoever leads has them.
   *
   * @throws Failure node-silent, and what that machine throws
   */
  readonly peer?: (context: NodeContext) => Promise<PeerArtefact>;
}

/** One step, to be carried out where a member lives. */
export interface StepOrder {
  readonly plan: RestorePlan;
  readonly kind: StepKind;
  readonly member: PlannedMember;
  /** What the steps of this restore that are done on this member have found, by kind. */
  readonly found: Partial<Readonly<Record<StepKind, StepEvidence>>>;
  /** `start` of a member that joins a running cluster: `--initial-cluster` with all members and itself. */
  readonly join?: { readonly initialCluster: string };
  /** `fetch` and `share`: what is to be had. `stage`: what it must be. `configure`: as of a part of the control plane. */
  readonly artefact?: ArtefactSource;
  /** Undoing a restore that had started an etcd: what the new cluster may have taken in is put aside as `member.undone-<id>`. */
  readonly keepNew?: true;
}

/** One step of a part of the control plane, to be carried out where it lives. */
export interface ComponentOrder {
  readonly plan: RestorePlan;
  readonly kind: 'halt' | 'serve' | 'configure';
  /** `running` is what the check right before the restore saw, where that was made. */
  readonly component: PlannedComponent;
  /** What the steps of this restore that are done on this component have found, by kind. */
  readonly found: Partial<Readonly<Record<StepKind, StepEvidence>>>;
  /** `configure` with scope `all`: the saved files, as `openSavedFiles` reads them. */
  readonly artefact?: ArtefactSource;
}

/** What a machine is compared with. */
export interface CompareOrder {
  /** Of the restore that this is for. */
  readonly restore: string;
  readonly scope: RestoreScope;
  readonly wanted: WantedConfiguration;
  /** What of the cluster lives on the machine. */
  readonly members: readonly MemberDescription[];
  readonly components: readonly ComponentDescription[];
  /** All members of the cluster, by whose addresses machines know each other. */
  readonly among: readonly Pick<MemberDescription, 'peerUrls'>[];
  /** Scope `all`: the saved files, as `openSavedFiles` reads them. */
  readonly artefact?: ArtefactSource;
}

/** What was seen of a part of the control plane. */
export interface ComponentSight {
  /** Whether it runs, or will be started again by whoever watches over it; null when nobody can tell. */
  readonly running: boolean | null;
  /** One sentence without a full stop: how that is known. */
  readonly detail: string;
}

/** What a node is given to carry a step out with. */
export interface NodeContext {
  readonly clock: Clock;
  /** Aborted when the step has to stop, by a person or by its time limit; the step may be done again later. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * A member's machine as a restore sees it, however it is reached. Every act is idempotent: whatever a crash left of it,
 * done again it ends the same. All throw Failures.
 */
export interface RestoreNode {
  /** Looks and changes nothing. */
  observe(member: MemberDescription, context: NodeContext): Promise<MemberSight>;
  /** In what the machine differs from what was saved, every secret masked. Changes nothing. */
  compare(order: CompareOrder, context: NodeContext): Promise<readonly PlannedChange[]>;
  perform(order: StepOrder, context: NodeContext): Promise<StepEvidence>;
  /** Undoes a step that was begun, done or not. */
  undo(order: StepOrder, context: NodeContext): Promise<StepEvidence>;
  /** Looks at a part of the control plane and changes nothing. */
  observeComponent(component: ComponentDescription, context: NodeContext): Promise<ComponentSight>;
  /**
   * A `halt` that is done again later, with what it has found in `found`, stops what runs again and keeps the first findings;
   * its evidence has `stoppedNow`: whether there was anything to stop this time.
   */
  performComponent(order: ComponentOrder, context: NodeContext): Promise<StepEvidence>;
  /** Undoes a step that was begun, done or not. */
  undoComponent(order: ComponentOrder, context: NodeContext): Promise<StepEvidence>;
  /** What `salvage` made on this node; its evidence has `sha256` and `size`. */
  salvaged(order: StepOrder): ArtefactSource;
  /** Removes what a finished or undone restore has kept; tells the paths. */
  release(plan: RestorePlan, member: PlannedMember, context: NodeContext): Promise<readonly string[]>;
}
