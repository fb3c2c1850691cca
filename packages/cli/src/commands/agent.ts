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
import { receiversOf, type ReceiverOptions } from '../sources/receivers.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { styleFor } from '../term/style.ts';
import { eventJson, eventLine } from '../view/agent-log.ts';
import { version } from '../version.ts';

interface AgentOptions extends ReceiverOptions, CompanionsOptions {
  readonly standalone?: true;
  readonly listen: string;
}

export function addAgent(parent: Verb): void {
  const verb = parent.command('agent');
  verb
    .description('Carry out the policies of this machine, by themselves.')
    .option('--standalone', 'without a server, by the policy file')
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
  if (options.standalone !== true)
    throw new Failure('usage', 'there is no server to work for yet: say --standalone');
  const { io, settings } = session;
  const { Daemon, engineWork, Teller, parseListen, systemdAsks } = await import('@holdfast/agent/standalone');
  const log = logOf(session, verb);
  const quiet = (each: Session): Session => ({
    ...each,
    context: { ...each.context, onProgress: () => {} },
    warn: (text) => log({ at: io.clock.now(), level: 'warning', event: 'notice', text }),
  });
  let current = quiet(session);
  const renewed = async (): Promise<Session> => quiet(await openSession(verb.optsWithGlobals(), io));
  const policies = agentPolicies(current, renewed, (next) => {
    current = next;
  });
  const ports = await agentJobs({
    session: () => current,
    companionsRoot: companionsRootOf(options),
    nameOf: (_policy, at) => (policies.areOfRancher16 ? rancher16Name(session, at) : undefined),
  });
  const observer = new Teller({
    node: hostname(),
    version,
    clock: io.clock,
    log,
    listen: options.listen === 'none' ? undefined : parseListen(options.listen),
    ...(await receiversOf(options, io.env)),
    systemd: systemdAsks(io.env),
  });
  const { stateDir } = settings;
  const daemon = new Daemon({
    ...{ clock: io.clock, node: hostname(), stateDir, policies, observer, log },
    work: engineWork(ports, log),
  });
  io.onHangup?.(() => daemon.reload());
  await daemon.run(io.signal);
  // Ctrl-C is a person's, who is told so by the exit status; whoever sends SIGTERM has got what was asked for.
  if (isFailure(io.signal.reason, 'interrupted')) throw io.signal.reason;
  return { json: { apiVersion, kind: 'AgentEnded' }, names: [], text: () => '' };
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
