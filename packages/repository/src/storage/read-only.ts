import { Failure } from '@holdfast/base';
import { checkKey } from './key.ts';
import type { ObjectWriter } from './storage.ts';
import { WrappedStorage } from './wrapped.ts';

/** A storage that can be read and not changed: every change throws `repository-read-only` before anything happens. */
export class ReadOnlyStorage extends WrappedStorage {
  override async put(key: string): Promise<boolean> {
    return this.#refuse(`put ${checkKey(key)}`);
  }

  override async create(key: string): Promise<ObjectWriter> {
    return this.#refuse(`write ${checkKey(key)}`);
  }

  override async delete(key: string): Promise<boolean> {
    return this.#refuse(`delete ${checkKey(key)}`);
  }

  override async removeStale(): Promise<number> {
    return this.#refuse('remove what is unfinished');
  }

  #refuse(step: string): Promise<never> {
    const failure = new Failure('repository-read-only', `it would have to ${step}`, {
      repository: this.location,
    });
    return Promise.reject(failure);
  }
}
