import { run } from '../obtain/run.ts';
import { withoutEtcdVariables } from './member-command.ts';
import type { ClusterPlan } from './plan.ts';

/** How etcdctl is called; flags among its arguments win over those that reach the cluster. */
export interface ToolOptions {
  /** Every member if not said. */
  readonly endpoints?: readonly string[];
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** etcd's own tools of the cluster's version, with the flags that reach it. */
export interface Tools {
  ctl(args: readonly string[], options?: ToolOptions): Promise<string>;
  /** With `-w json`; whole numbers that a JavaScript number cannot hold come as bigint. */
  ctlJson<T = unknown>(args: readonly string[], options?: ToolOptions): Promise<T>;
  /** etcdutl, or etcdctl for 3.4. */
  utl(args: readonly string[]): Promise<string>;
  utlJson<T = unknown>(args: readonly string[]): Promise<T>;
}

/** The tools for one cluster. */
export function toolsFor(plan: ClusterPlan): Tools {
  const { binaries, tls, auth } = plan;
  const env = { ...emptied(), ...withoutEtcdVariables(), ETCDCTL_API: '3' };
  const secured = [
    ...(tls === undefined ? [] : [`--cacert=${tls.cacert}`, `--cert=${tls.cert}`, `--key=${tls.key}`]),
    ...(auth === undefined ? [] : [`--user=${auth.user}:${auth.password}`]),
  ];
  const all = plan.members.filter(({ learner }) => !learner).map(({ clientUrl }) => clientUrl);

  async function ctl(
    args: readonly string[],
    { endpoints = all, ...options }: ToolOptions = {},
  ): Promise<string> {
    const reach = [
      `--endpoints=${endpoints.join(',')}`,
      '--dial-timeout=10s',
      '--command-timeout=60s',
      ...secured,
    ];
    return run(binaries.etcdctl, [...reach, ...args], { ...options, env });
  }
  async function utl(args: readonly string[]): Promise<string> {
    return run(binaries.etcdutl ?? binaries.etcdctl, args, { env });
  }
  return {
    ctl,
    utl,
    ctlJson: async <T>(args: readonly string[], options?: ToolOptions) =>
      parseExactly(await ctl([...args, '-w', 'json'], options)) as T,
    utlJson: async <T>(args: readonly string[]) => parseExactly(await utl([...args, '-w', 'json'])) as T,
  };
}

/** `run` adds to this process's environment: etcd's variables must be taken out by name. */
function emptied(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('ETCD'))
      .map((name) => [name, undefined]),
  );
}

/** Parses JSON whose ids have 64 bits. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, exactly);
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return BigInt(context?.source ?? value);
}
