import { addAdopt } from './commands/adopt.ts';
import { addAgent } from './commands/agent.ts';
import { addAlert } from './commands/alert.ts';
import { addAudit } from './commands/audit.ts';
import { addCluster } from './commands/cluster.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrill } from './commands/drill.ts';
import { addHelp } from './commands/help.ts';
import { addLogin } from './commands/login.ts';
import { addLogout } from './commands/logout.ts';
import { addOperation } from './commands/operation.ts';
import { addPolicy } from './commands/policy.ts';
import { addQueue } from './commands/queue.ts';
import { addRepo } from './commands/repo.ts';
import { addRestore } from './commands/restore.ts';
import { addServer } from './commands/server.ts';
import { addSnapshot } from './commands/snapshot.ts';
import { addStatus } from './commands/status.ts';
import { addToken } from './commands/token.ts';
import { addUser } from './commands/user.ts';
import { addVersion } from './commands/version.ts';
import type { Io } from './io.ts';
import { withGlobals } from './program/options.ts';
import { Verb } from './program/verb.ts';
import type { Session } from './session.ts';
import { version } from './version.ts';

/**
 * The whole command tree. Building it does nothing else, so that help, completion and the reference can walk it.
 *
 * @param onSession told of the session of the command that is run
 */
export function buildProgram(io: Io, onSession?: (session: Session) => void): Verb {
  const program = new Verb('holdfast', io, onSession);
  program
    .description(
      "Brings a Kubernetes cluster's etcd back: snapshots that are proven restorable, and restores that cannot make things worse.",
    )
    .exitOverride()
    .version(version, '-V, --version', 'print the version')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .example(
      'Save a cluster',
      'holdfast snapshot save --endpoints https://10.0.0.1:2379 --repo /backup \\\n      --cacert ca.crt --cert client.crt --key client.key',
    )
    .example('Can I get back, and to when?', 'holdfast status --repo /backup')
    .example(
      'The cluster is down: what can be done?',
      'holdfast restore plan --cluster-file prod.yaml --repo /backup',
    )
    .example(
      'Build a member from the newest snapshot',
      'holdfast restore datadir --snapshot latest --repo /backup --data-dir /var/lib/etcd \\\n      --name m1 --initial-cluster m1=https://10.0.0.1:2380 \\\n      --initial-advertise-peer-urls https://10.0.0.1:2380',
    );
  // A habit of many hands that `version` serves as well: no line in every help.
  program.options.at(-1)?.hideHelp();
  withGlobals(program);
  program.commandsGroup('Backup:');
  addSnapshot(program);
  addPolicy(program);
  addStatus(program);
  addAgent(program);
  addDrill(program);
  addQueue(program);
  addRepo(program);
  addAdopt(program);
  program.commandsGroup('Restore:');
  addRestore(program);
  program.commandsGroup('Server:');
  addServer(program);
  addLogin(program);
  addLogout(program);
  addCluster(program);
  addOperation(program);
  addAlert(program);
  addUser(program);
  addToken(program);
  addAudit(program);
  program.commandsGroup('Help:');
  addDoctor(program);
  addConfig(program);
  addCompletion(program);
  addVersion(program);
  addHelp(program);
  return program;
}
