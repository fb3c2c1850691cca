import type { Failure } from '@holdfast/base';
import { snapshotState, type Evidence, type SnapshotManifest } from '@holdfast/model';
import type { VerbContext } from '../context.ts';
import { verifySnapshot } from '../verify/index.ts';
import type { Delivery, StoredBytes } from './destination.ts';
import { failureOf, proveStreamed, recordStreamed } from './prove.ts';
import type { StreamedContent } from './streamed-content.ts';

/** Which snapshots are proven, if any. */
export interface ProofOptions {
  readonly verify: boolean;
  /** Whether what is stored encoded was read again; without that it is not proven. */
  readonly readBack: boolean;
}

/**
 * Proves a save wherever it was committed. What is stored plain is verified as it is there. What is stored encoded was
 * read back, so that it is proven with the content as it came, once for all: who can only write can do that too.
 */
export class Proofs {
  /** What somebody should know, a sentence each. */
  readonly warnings: string[] = [];
  /** What a proof failed with. The snapshot stays, as evidence of what its member sent. */
  failure: Failure | undefined;
  readonly #context: VerbContext;
  readonly #options: ProofOptions;
  #plain: Evidence | undefined;
  #streamed: Promise<Omit<Evidence, 'snapshot'>> | undefined;

  constructor(context: VerbContext, options: ProofOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Proves what a delivery has committed. @throws file-unreadable; the signal's reason */
  async prove(
    delivery: Delivery,
    bytes: StoredBytes,
    content: StreamedContent,
    claims: Pick<SnapshotManifest, 'content' | 'hashKv' | 'revision' | 'compactRevision'>,
  ): Promise<void> {
    const { verify, readBack } = this.#options;
    const { as, repository, cluster, writer } = delivery;
    if (!verify || (as.encoding !== 'plain' && !readBack)) return;
    if (as.encoding === 'plain') {
      const choice = { name: writer.name, cluster: cluster.id };
      const { evidence, notRecorded } = await verifySnapshot(this.#context, repository, choice);
      if (isOfContent(evidence)) this.#plain ??= evidence;
      this.#note(delivery, evidence, notRecorded);
      return;
    }
    const proof =
      this.#plain ?? (await (this.#streamed ??= proveStreamed(this.#context, content.source(), claims)));
    const { evidence, notRecorded } = await recordStreamed(delivery, proof, bytes);
    this.#note(delivery, evidence, notRecorded);
  }

  #note(delivery: Delivery, evidence: Evidence, notRecorded: Failure | null): void {
    const { destination, stored } = delivery;
    this.failure ??= failureOf(evidence);
    if (notRecorded === null) {
      if (stored !== undefined)
        delivery.stored = { ...stored, state: snapshotState([evidence]), evidence: [evidence] };
      return;
    }
    this.warnings.push(`the proof could not be recorded in ${destination.name}: ${notRecorded.why}`);
  }
}

/** Whether what was verified is the very content that was sent. */
function isOfContent({ checks }: Evidence): boolean {
  return checks.some(({ check, outcome }) => check === 'sha256' && outcome === 'passed');
}
