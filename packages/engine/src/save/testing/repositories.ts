import { openRepository, type ClientKeys, type Repository, type Storage } from '@holdfast/repository';
import { initKeys } from '@holdfast/repository/keys';
import { SigningKey } from '@holdfast/repository/manifest';
import type { SecretKey } from '@holdfast/repository/object';
import { systemClock } from '@holdfast/base';

/** Makes a repository that seals for a key and has one signer, who writes and cannot read it back. */
export async function makeSealed(
  where: Storage,
  secret: SecretKey,
  signing: SigningKey = SigningKey.generate(),
): Promise<Repository> {
  const { record } = await openRepository(where, { create: true });
  const keys: ClientKeys = { signing };
  await initKeys(
    { storage: where, repositoryId: record.id, client: keys, clock: systemClock },
    [{ name: 'ops', key: secret.publicKey }],
    [{ key: signing.publicKey, name: 'node' }],
  );
  return await openRepository(where, { create: false, keys });
}

/** The same repository for one who has the secret key. */
export async function asReader({ storage }: Repository, ...secrets: SecretKey[]): Promise<Repository> {
  const keys = { opening: async () => ({ keys: secrets }) };
  return await openRepository(storage, { create: false, keys });
}

/** A storage that has no files of this machine, as a bucket. `slow` is waited for before each write. */
export function asRemote(storage: Storage, slow: () => Promise<void> = async () => {}): Storage {
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'localPath') return () => undefined;
      if (name === 'create') {
        return async (...args: Parameters<Storage['create']>) => {
          const writer = await target.create(...args);
          return {
            path: undefined,
            write: async (chunk: Uint8Array) => {
              await slow();
              await writer.write(chunk);
            },
            sync: () => writer.sync(),
            place: () => writer.place(),
            discard: () => writer.discard(),
          };
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
