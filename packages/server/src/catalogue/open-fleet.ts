import { type FleetPlace, openFleetRepository } from '@holdfast/engine';
import type { ServerContext } from '../context.ts';
import type { OpenFleetRepository } from './catalogue.ts';

type Variables = FleetPlace['variables'];

/** Where repositories of the fleet are opened and probed: here. @param variables where proxies and regions are looked for */
export function fleetPlace(
  { clock, log, random }: ServerContext,
  repository: string,
  signal: AbortSignal,
  variables: Variables,
): FleetPlace {
  return {
    clock,
    signal,
    warn: (warning) => log.warn({ repository, warning }, 'a setting of a repository'),
    random: () => Buffer.from(random(4)).readUInt32BE() / 2 ** 32,
    ...(variables !== undefined && { variables }),
  };
}

/** Opens repositories with the settings of this server. @param variables as of `fleetPlace` */
export function fleetOpener(context: ServerContext, variables?: Variables): OpenFleetRepository {
  return (spec, secrets, { create, signal }) =>
    openFleetRepository(spec, secrets, {
      ...fleetPlace(context, spec.name, signal, variables),
      create,
      memory: context.memory,
    });
}
