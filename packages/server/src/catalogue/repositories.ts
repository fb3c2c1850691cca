import { Failure, isFailure } from '@holdfast/base';
import { listSnapshots } from '@holdfast/engine';
import type { Listing, Repository } from '@holdfast/repository';
import type { ServerContext } from '../context.ts';
import type { StoredRepository } from '../store/repositories.ts';
import type { OpenFleetRepository } from './catalogue.ts';
import { secretsOf } from './repository-secrets.ts';

/** Reads the repositories of the fleet, and notes which of them could be. */
export class Repositories {
  readonly #context: ServerContext;
  readonly #open: OpenFleetRepository;

  constructor(context: ServerContext, open: OpenFleetRepository) {
    this.#context = context;
    this.#open = open;
  }

  /** @throws Failure repository-unknown */
  async named(name: string): Promise<StoredRepository> {
    const found = await this.#context.store.repositories.get(name);
    if (found !== undefined) return found;
    throw new Failure('repository-unknown', 'none of this name was added', { repository: name });
  }

  /** @throws Failure what keeps it from being opened, which is noted; the signal's reason */
  async open(stored: StoredRepository, signal: AbortSignal): Promise<Repository> {
    try {
      const secrets = secretsOf(this.#context.sealer, stored);
      return await this.#open(stored.spec, secrets, { create: false, signal });
    } catch (error) {
      await this.#noteUnreachable(stored, error, signal);
      throw error;
    }
  }

  /**
   * Lists all of it, or one cluster by its name.
   *
   * @throws Failure what keeps it from being read, which is noted; the signal's reason
   */
  async list(stored: StoredRepository, signal: AbortSignal, cluster?: string): Promise<Listing> {
    const { clock, holdfast, store } = this.#context;
    const repository = await this.open(stored, signal);
    try {
      const listing = await listSnapshots({ clock, holdfast, signal }, repository, cluster);
      if (cluster === undefined) {
        await store.repositories.setStatus(stored.name, {
          repositoryId: repository.record.id,
          reachable: true,
          why: damageOf(listing),
          scannedAt: clock.now().toISOString(),
        });
      }
      return listing;
    } catch (error) {
      if (isFailure(error, 'cluster-missing')) return nothing;
      await this.#noteUnreachable(stored, error, signal);
      throw error;
    }
  }

  /** What is known of its snapshots stays as it is. */
  async #noteUnreachable(stored: StoredRepository, error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted || !isFailure(error)) return;
    const { repositoryId, scannedAt } = stored;
    const why = `${error.message}: ${error.why}`;
    this.#context.log.warn({ repository: stored.name, why }, 'a repository cannot be read');
    await this.#context.store.repositories.setStatus(stored.name, {
      repositoryId,
      reachable: false,
      why,
      scannedAt,
    });
  }
}

const nothing: Listing = { clusters: [], snapshots: [], damaged: [], unfinished: [] };

function damageOf({ damaged }: Listing): string {
  const [first] = damaged;
  if (first === undefined) return '';
  const count = damaged.length === 1 ? 'a record' : `${damaged.length} records`;
  return `${count} cannot be read: ${first.path}: ${first.failure.why}`;
}
