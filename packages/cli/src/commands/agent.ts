import { hostname } from 'node:os';
import { Failure, isFailure } from '@holdfast/base';
import { companionsRootOf, withCompanions, type CompanionsOptions } from '../program/companions-options.ts';
import {
  withEtcd,
  withEtcdProgram,
  withKeys,
  withPolicyFile,
  withS3,
  withStateDir,
} from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { openSession, type Session } from '../session.ts';
import { agentJobs } from '../sources/agent-jobs.ts';
import { agentPolicies, rancher16Name } from '../sources/agent-policies.ts';
import { fleetParts, type FleetOptions } from '../sources/fleet-agent.ts';
import { receiversOf, type ReceiverOptions } from '../sources/receivers.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { styleFor } from '../term/style.ts';
import { eventJson, eventLine } from '../view/agent-log.ts';
import { version } from '../version.ts';

interface AgentOptions extends ReceiverOptions, CompanionsOptions, FleetOptions {
  readonly standalone?: true;
  readonly listen: string;
}

export function addAgent(parent: Verb): void {
  const verb = parent.command('agent');
  verb
    .description('Carry out the policies of this machine, by themselves.')
    .option('--standalone', 'without a server, by the policy file')
    .option('--server <url>', 'work for this server, and by oneself while it is away')
    .option('--token-file <file>', 'the join token; needed once (else HOLDFAST_JOIN_TOKEN)')
    .option('--server-ca <file>', 'CA certificate of the server (PEM)')
    .option(
      '--server-ca-sha256 <hex>',
      'the SHA-256 of the CA that the server itself names, in place of --server-ca',
    )
    .option('--name <name>', 'what the server calls this node; the host name unless it is given')
    .option('--cluster-file <file>', 'the members of this node, where they cannot be discovered')
    .option(
      '--peer-listen <address>',
      'where other nodes get a snapshot while a restore needs it',
      '0.0.0.0:0',
    )
    .option('--listen <address>', 'serve /metrics, /healthz and /readyz there, or `none`', '127.0.0.1:9479')
    .option(
      '--heartbeat-url-file <file>',
      'file with the address that is asked for after each save (else HOLDFAST_HEARTBEAT_URL)',
    )
    .option(
      '--webhook-url-file <file>',
      'file with the address that alerts are sent to (else HOLDFAST_WEBHOOK_URL)',
    )
    .option('--receiver-ca <file>', 'CA certificates that both are trusted by, beside the usual ones (PEM)')
    .example(
      'On an etcd node, by /etc/holdfast/policies.yaml',
      'holdfast agent --standalone --endpoints https://127.0.0.1:2379 \\\n      --cacert ca.crt --cert client.crt --key client.key',
    )
    .example(
      'On a node of a fleet, the first time',
      'holdfast agent --server https://holdfast.example:9443 --token-file token \\\n      --server-ca-sha256 9f86d0...',
    )
    .remark(
      'With --server the agent joins once, by a token that the server made for its cluster, and is known by a certificate from then on, which it renews by itself. It asks and is never asked, but for a port that is open while a restore moves a snapshot from node to node, to nodes of the same cluster alone. Policies come from the server then. While that is away the node that stands in carries them out, and what it did is told afterwards.',
    )
    .remark(
      'Saves run one after the other; pruning, copies that wait, checks and drills run beside them. A policy is pruned after each save that went well: while saves fail or it is paused nothing goes, but for two days what was marked before makes room for a save that lacks it. What fails is tried again: a save after 1, 2, 4, 8 and then every 15 minutes until its next time has come. Everything is remembered in --state-dir, so that a restart loses no run and repeats none.',
    )
    .remark(
      'The policy file and the configuration are read again when they have changed, and on SIGHUP. If they cannot be used they are refused, loudly, and those from before stay in use. Credentials, certificates and keys are read for each run. SIGTERM ends within seconds: a save under way is given up, leaves nothing unfinished, and is begun again by the next agent; exit status 0.',
    )
    .remark('The log is on stderr: lines for people on a terminal, else one JSON object a line.')
    .answers((session, options: AgentOptions) => run(session, options, verb));
  withEtcdProgram(withPolicyFile(withStateDir(withKeys(withS3(withEtcd(withCompanions(verb)))))));
}

async function run(session: Session, options: AgentOptions, verb: Verb): Promise<Answer> {
  const { server } = options;
  if ((options.standalone === true) === (server !== undefined))
    throw new Failure('usage', 'say either --standalone or --server');
  const { io } = session;
  const log = logOf(session, verb);
  const quiet = (each: Session): Session => ({
    ...each,
    context: { ...each.context, onProgress: () => {} },
    warn: (text) => log({ at: io.clock.now(), level: 'warning', event: 'notice', text }),
  });
  const first = quiet(session);
  const renewed = async (): Promise<Session> => quiet(await openSession(verb.optsWithGlobals(), io));
  const how = { first, renewed, log };
  await (server === undefined ? standalone(options, how) : ofFleet({ ...options, server }, how));
  // Ctrl-C is a person's, who is told so by the exit status; whoever sends SIGTERM has got what was asked for.
  if (isFailure(io.signal.reason, 'interrupted')) throw io.signal.reason;
  return { json: { apiVersion, kind: 'AgentEnded' }, names: [], text: () => '' };
}

/** How an agent comes to its settings, and tells what it does. */
interface Manner {
  readonly first: Session;
  /** With the settings read again. @throws Failure config-invalid, usage */
  readonly renewed: () => Promise<Session>;
  readonly log: ReturnType<typeof logOf>;
}

/** By the policy file. */
async function standalone(options: AgentOptions, { first, renewed, log }: Manner): Promise<void> {
  const { io, settings } = first;
  const { Daemon, engineWork } = await import('@holdfast/agent/standalone');
  let current = first;
  const policies = agentPolicies(current, renewed, (next) => {
    current = next;
  });
  const ports = await agentJobs({
    session: () => current,
    companionsRoot: companionsRootOf(options),
    nameOf: (_policy, at) => (policies.areOfRancher16 ? rancher16Name(first, at) : undefined),
  });
  const daemon = new Daemon({
    ...{ clock: io.clock, node: hostname(), stateDir: settings.stateDir, policies, log },
    observer: await observerOf(options, first, log),
    work: engineWork(ports, log),
  });
  io.onHangup?.(() => daemon.reload());
  await daemon.run(io.signal);
}

/** By what a server orders. */
async function ofFleet(
  options: AgentOptions & { readonly server: string },
  { first, renewed, log }: Manner,
): Promise<void> {
  const { io } = first;
  const { FleetAgent } = await import('@holdfast/agent/fleet');
  let current = first;
  const jobs = await agentJobs({
    session: () => current,
    companionsRoot: companionsRootOf(options),
    nameOf: () => undefined,
  });
  const agent = new FleetAgent({
    ...{ clock: io.clock, log, jobs, observer: await observerOf(options, first, log) },
    ...(await fleetParts(() => current, options)),
  });
  const reload = async (): Promise<void> => {
    try {
      current = await renewed();
    } catch (error) {
      if (!isFailure(error)) throw error;
      const text = `the configuration is refused, and the one from before stays in use: ${error.message}: ${error.why}`;
      log({ at: io.clock.now(), level: 'error', event: 'configuration-refused', text });
    }
  };
  io.onHangup?.(() => void reload());
  await agent.run(io.signal);
}

async function observerOf(options: AgentOptions, { io }: Session, log: Manner['log']) {
  const { Teller, parseListen, systemdAsks } = await import('@holdfast/agent/standalone');
  return new Teller({
    node: hostname(),
    version,
    clock: io.clock,
    log,
    listen: options.listen === 'none' ? undefined : parseListen(options.listen),
    ...(await receiversOf(options, io.env)),
    systemd: systemdAsks(io.env),
  });
}

function logOf(session: Session, verb: Verb) {
  const { io, settings } = session;
  const { stderr } = io;
  const style = styleFor(stderr, io.env, verb.optsWithGlobals()['color'] !== false);
  return (event: Parameters<typeof eventJson>[0]): void => {
    session.clear();
    stderr.write(stderr.isTTY === true ? eventLine(event, settings.utc, style) : eventJson(event));
  };
}
