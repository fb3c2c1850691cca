import { join } from 'node:path';
import { isFailure, limits } from '@holdfast/base';
import type { JobPorts } from '@holdfast/agent/standalone';
import type { SaveDestination } from '@holdfast/engine';
import type { Session } from '../session.ts';
import { version } from '../version.ts';
import { connect } from './etcd.ts';
import { credentials } from './password.ts';
import { openQueue } from './queue.ts';
import { addressOf, dropsLocal, openNamed, openOrMake } from './repository.ts';

/** What the jobs of policies take beside the settings. */
export interface AgentJobsOptions {
  /** The settings as they are now. */
  readonly session: () => Session;
  /** The folder that is `/` of the node; undefined: no companions are kept. */
  readonly companionsRoot: string | undefined;
  readonly nameOf: JobPorts['nameOf'];
}

/** What the jobs of policies need of settings, keys and machine, read anew each time. */
export async function agentJobs({ session, companionsRoot, nameOf }: AgentJobsOptions): Promise<JobPorts> {
  const first = session();
  const { stateDir } = first.settings;
  return {
    clock: first.io.clock,
    holdfast: version,
    scratchFolder: first.context.scratchFolder ?? '/var/tmp',
    stateDir,
    connect: () => connect(session().settings, session().io),
    destinations: (targets, mayMake, signal) =>
      Promise.all(targets.map((target) => destination(endingWith(session(), signal), target, mayMake))),
    open: (name, signal) => openNamed(endingWith(session(), signal), name, limits.repositoryOpenMs),
    at: (name) => addressOf(session(), name),
    queue: await openQueue(first),
    memory: join(stateDir, 'repositories'),
    get etcdProgram() {
      return session().settings.etcdProgram;
    },
    credentials: () => credentials(session().settings),
    companionsRoot,
    nameOf,
  };
}

async function destination(
  session: Session,
  { repository: name, required }: { readonly repository: string; readonly required: boolean },
  mayMake: (name: string) => boolean,
): Promise<SaveDestination> {
  const same = { name, at: addressOf(session, name), required, dropLocal: dropsLocal(session, name) };
  try {
    return { ...same, repository: await opened(session, name, mayMake) };
  } catch (error) {
    session.io.signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return { ...same, repository: error };
  }
}

async function opened(session: Session, name: string, mayMake: (name: string) => boolean) {
  try {
    return await openNamed(session, name, limits.repositoryOpenMs);
  } catch (error) {
    if (!isFailure(error, 'repository-missing') || !mayMake(name)) throw error;
    return await openOrMake(session, name);
  }
}

/** The same session, which ends with another signal. */
function endingWith(session: Session, signal: AbortSignal): Session {
  // A copy of its fields would ask for stdin.
  const io = Object.create(session.io, { signal: { value: signal } }) as Session['io'];
  return { ...session, io, context: { ...session.context, signal } };
}
