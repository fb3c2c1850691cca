import { hostname } from 'node:os';
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import type { FleetAgentParts, JoinOptions } from '@holdfast/agent/fleet';
import { caDigest, readPem, serverAddress } from '../remote/address.ts';
import type { Session } from '../session.ts';
import { readClusterFile } from './cluster-file.ts';
import { connector } from './etcd.ts';
import { readSecretLine } from './secret-file.ts';

/** What the command line says of the fleet that an agent is of. */
export interface FleetOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly serverCa?: string;
  readonly serverCaSha256?: string;
  readonly name?: string;
  readonly clusterFile?: string;
  readonly peerListen: string;
}

/** What an agent of a fleet is made of, but for its jobs and its observer. */
export async function fleetParts(
  session: () => Session,
  options: FleetOptions & { readonly server: string },
): Promise<Pick<FleetAgentParts, 'random' | 'join' | 'inventory' | 'peerListen' | 'variables'>> {
  const { parseListen } = await import('@holdfast/agent/standalone');
  const { io, settings } = session();
  const { clusterFile } = options;
  return {
    random: () => randomInt(2 ** 32) / 2 ** 32,
    join: await joinOptions(session(), options),
    inventory: {
      connector: () => connector(session().settings, io),
      endpoints: settings.endpoints ?? [],
      clusterFile:
        clusterFile === undefined ? undefined : () => readClusterFile(resolve(io.cwd, clusterFile)),
      certificateFiles: [settings.cacert, settings.cert].flatMap((path) => path ?? []),
    },
    peerListen: parseListen(options.peerListen),
    variables: io.env,
  };
}

async function joinOptions(
  { io }: Session,
  { server, tokenFile, serverCa, serverCaSha256, name }: FleetOptions & { readonly server: string },
): Promise<JoinOptions> {
  const pem = serverCa === undefined ? undefined : await readPem(resolve(io.cwd, serverCa));
  return {
    server: serverAddress(server),
    token: async () => {
      if (tokenFile !== undefined) return await readSecretLine(resolve(io.cwd, tokenFile));
      return io.env['HOLDFAST_JOIN_TOKEN'] || undefined;
    },
    trust:
      pem !== undefined
        ? { pem }
        : serverCaSha256 !== undefined
          ? { sha256: caDigest(serverCaSha256) }
          : null,
    name: name ?? hostname(),
  };
}
