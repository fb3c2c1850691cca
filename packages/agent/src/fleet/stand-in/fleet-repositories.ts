import { isFailure } from '@holdfast/base';
import { openFleetRepository, type SaveDestination } from '@holdfast/engine';
import type { Assignment } from '@holdfast/model/fleet';
import type { JobPorts, OpenRepository } from '../../standalone/ports.ts';

export interface FleetRepositoriesOptions {
  readonly assignment: () => Assignment | undefined;
  readonly random: () => number;
  readonly warn: (text: string) => void;
  /** Where proxies and a default region are looked for. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

type Described = Assignment['repositories'][number];

/** The same jobs, with the fleet's repositories beside those of this machine's own configuration, and before them. */
export function withFleetRepositories(own: JobPorts, options: FleetRepositoriesOptions): JobPorts {
  const named = (name: string): Described | undefined =>
    options.assignment()?.repositories.find(({ spec }) => spec.name === name);
  const open = (
    { spec, secrets }: Described,
    create: boolean,
    signal: AbortSignal,
  ): Promise<OpenRepository> => {
    const { random, warn, variables } = options;
    const place = { clock: own.clock, memory: own.memory, signal, random, warn, variables };
    return openFleetRepository(spec, secrets, { ...place, create });
  };
  const destination = async (
    described: Described,
    required: boolean,
    mayMake: boolean,
    signal: AbortSignal,
  ): Promise<SaveDestination> => {
    const { name } = described.spec;
    const same = { name, at: addressOf(described), required };
    try {
      // Only a folder is made: a bucket that is not there is a mistake.
      const create = mayMake && described.spec.path !== undefined;
      return { ...same, repository: await open(described, create, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!isFailure(error)) throw error;
      return { ...same, repository: error };
    }
  };
  // What is looked at anew each time, as the program of etcd, stays so.
  return Object.create(own, {
    open: {
      value: (name: string, signal: AbortSignal) => {
        const described = named(name);
        return described === undefined ? own.open(name, signal) : open(described, false, signal);
      },
    },
    at: {
      value: (name: string) => {
        const described = named(name);
        return described === undefined ? own.at(name) : addressOf(described);
      },
    },
    destinations: {
      value: async (...[targets, mayMake, signal]: Parameters<JobPorts['destinations']>) => {
        const all = await Promise.all(
          targets.map(async (target) => {
            const described = named(target.repository);
            if (described === undefined) return await own.destinations([target], mayMake, signal);
            const may = mayMake(target.repository);
            return [await destination(described, target.required, may, signal)];
          }),
        );
        return all.flat();
      },
    },
  }) as JobPorts;
}

/** Where it is, with the server of a bucket. */
function addressOf({ spec: { path, s3, name } }: Described): string {
  if (s3 === undefined) return path ?? name;
  const place = `s3://${[s3.bucket, s3.folder].filter((each) => each !== undefined && each !== '').join('/')}`;
  return s3.endpoint === undefined ? place : `${place} at ${s3.endpoint}`;
}
