import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeDurably } from '@holdfast/engine';
import { OwnRun } from '@holdfast/model/fleet';
import { z } from 'zod';
import type { EndedJob } from '../../standalone/runner.ts';
import type { FleetFolder } from '../folder.ts';
import { toldFailure } from '../told-failure.ts';

/** Runs that are kept while the server is away: of weeks without one, the newest. */
const atMost = 5_000;

const Stored = z.object({
  runs: z.array(OwnRun),
  /** Of runs that were told: when the newest was due, by policy and job. */
  begun: z.record(z.string(), z.iso.datetime()),
});

/** The runs that this agent began by itself, on the disk until the server has stored them. */
export class OwnRuns {
  readonly #path: string;
  #runs: readonly OwnRun[];
  readonly #begun: Record<string, string>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, { runs, begun }: z.infer<typeof Stored>) {
    this.#path = path;
    this.#runs = runs;
    this.#begun = begun;
  }

  static async read({ ownRuns: path }: FleetFolder): Promise<OwnRuns> {
    try {
      return new OwnRuns(path, Stored.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch {
      return new OwnRuns(path, { runs: [], begun: {} });
    }
  }

  /** Those that the server does not know of, oldest first. */
  get untold(): readonly OwnRun[] {
    return this.#runs;
  }

  /** When the newest run of a job that this agent ended was due; null: none. */
  begun(policy: string, job: OwnRun['job']): string | null {
    return this.#begun[`${policy}/${job}`] ?? null;
  }

  /** @throws Failure file-unwritable, disk-full */
  async add({ policy, job, scheduledFor, startedAt, endedAt, end }: EndedJob): Promise<void> {
    const { outcome, failure, note, warnings } = end;
    const run: OwnRun = {
      id: randomUUID(),
      ...{ policy, job },
      // A prune follows a save and is due at no time of its own.
      scheduledFor: job === 'prune' ? null : scheduledFor,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
      result: {
        ...{ outcome, note, failure: failure && toldFailure(failure), warnings: [...warnings] },
        ...(end.snapshot !== undefined && { snapshot: end.snapshot }),
        ...(job === 'save' && { storedIn: [...end.storedIn] }),
      },
    };
    this.#runs = [...this.#runs, run].slice(-atMost);
    const key = `${policy}/${job}`;
    if (job !== 'prune' && scheduledFor > (this.#begun[key] ?? '')) this.#begun[key] = scheduledFor;
    await this.#write();
  }

  /** The server has stored them. @throws Failure file-unwritable, disk-full */
  async stored(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    this.#runs = this.#runs.filter(({ id }) => !ids.includes(id));
    await this.#write();
  }

  #write(): Promise<void> {
    const next = this.#last
      .catch(() => {})
      .then(() => writeDurably(this.#path, `${JSON.stringify({ runs: this.#runs, begun: this.#begun })}\n`));
    this.#last = next;
    return next;
  }
}
