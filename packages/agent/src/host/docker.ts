import { z } from 'zod';
import type { Mount } from './mounts.ts';
import { runCommand, type CommandEnd, type HostAccess } from './run-command.ts';

/** Of what `docker inspect` tells of a container (Docker Engine API, ContainerInspect) what matters here. */
const Inspected = z.object({
  Name: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Restarting: z.boolean().default(false),
    Pid: z.number(),
    ExitCode: z.number(),
    Error: z.string().default(''),
  }),
  Config: z.object({ Image: z.string().default('') }),
  HostConfig: z.object({
    RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number().default(0) }),
  }),
  Mounts: z
    .array(z.object({ Source: z.string().default(''), Destination: z.string() }))
    .nullish()
    .transform((mounts) => mounts ?? []),
});

/** A container of Docker as it is now. */
export interface Container {
  /** Without the slash before it. */
  readonly name: string;
  /** As `exited`. */
  readonly status: string;
  readonly running: boolean;
  readonly restarting: boolean;
  /** The first process of it, as this machine sees it; undefined while there is none. */
  readonly pid: number | undefined;
  readonly exitCode: number;
  /** What Docker could not do about it; '' otherwise. */
  readonly error: string;
  readonly image: string;
  /** As `docker update --restart` takes it. */
  readonly restart: string;
  readonly mounts: readonly Mount[];
}

/** Has Docker do something, or asks it. */
export async function docker(
  access: HostAccess,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<CommandEnd> {
  return runCommand([...(access.docker ?? ['docker']), ...args], signal);
}

/** A container by its name or id. A string tells why there is none, without a full stop. */
export async function inspectContainer(
  access: HostAccess,
  which: string,
  signal?: AbortSignal,
): Promise<Container | string> {
  const { status, stdout, complaint } = await docker(access, ['inspect', '--type=container', which], signal);
  if (status !== 0) return complaint;
  const [found] = z.array(Inspected).min(1).parse(JSON.parse(stdout));
  const { Name, State, Config, HostConfig, Mounts } = found!;
  const { Name: policy, MaximumRetryCount: tries } = HostConfig.RestartPolicy;
  return {
    name: Name.replace(/^\//, ''),
    status: State.Status,
    running: State.Running,
    restarting: State.Restarting,
    pid: State.Pid > 0 ? State.Pid : undefined,
    exitCode: State.ExitCode,
    error: State.Error,
    image: Config.Image,
    restart: policy === '' ? 'no' : policy === 'on-failure' && tries > 0 ? `${policy}:${tries}` : policy,
    mounts: Mounts.map(({ Source, Destination }) => ({ inside: Destination, outside: Source })),
  };
}
