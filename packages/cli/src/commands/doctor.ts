import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Failure, limits } from '@holdfast/base';
import type {
  CertificateFile,
  Connection,
  DoctorCheck,
  DoctorReport,
  RepositoryToOpen,
} from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import { withEtcd, withPolicyFile, withRepository, withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { connect } from '../sources/etcd.ts';
import type { Place } from '../settings/places.ts';
import { chosenPlaces, hasPlace } from '../sources/places.ts';
import { probePlace } from '../sources/probe.ts';
import { openPlace } from '../sources/repository.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { aligned } from '../term/table.ts';

export function addDoctor(parent: Verb): void {
  const verb = parent.command('doctor');
  verb
    .description('Find out why a save or a restore would fail, and how ready a cluster is to be recovered.')
    .example('With everything from the configuration', 'holdfast doctor')
    .example(
      'One etcd alone',
      'holdfast doctor --endpoints https://10.0.0.1:2379 --cacert ca.crt --cert c.crt --key c.key',
    )
    .remark(
      'Repositories, mounts, certificates, the clock, endpoints, quorum, space, known faults of etcd and the policies are looked at. Each fault is of one class (disk space, credentials, network, permissions, health, data, setup) and has its fix. Nothing is changed; a probe file is written to the repository and removed. Exit 3 when anything failed, also when no etcd answers; warnings leave it 0.',
    )
    .answers(examine);
  withPolicyFile(withStateDir(withRepository(withEtcd(verb))));
}

async function examine(session: Session): Promise<Answer> {
  const { settings, io } = session;
  const places = hasPlace(session) ? chosenPlaces(session) : [];
  if (places.length === 0) session.warn('no repository is looked at: --repo is not set');
  if (settings.endpoints === undefined) session.warn('no etcd is looked at: --endpoints is not set');
  const { doctor, readPolicyFile } = await import('@holdfast/engine');
  const report = await doctor(session.context, {
    repositories: places.map((place) => toOpen(session, place)),
    certificates: await certificatesOf(settings),
    stateDir: settings.stateDir,
    ...(hasPolicies(session) && {
      policies: async () => readPolicyFile(settings.policyFile, io.clock.now()),
    }),
    ...(settings.endpoints !== undefined && { etcd: () => connect(settings, io) }),
  });
  return doctorAnswer(report);
}

/** A policy file that nobody named need not be there. */
function hasPolicies({ settings, origins }: Session): boolean {
  const isNamed = origins.some(({ name, origin }) => name === 'policyFile' && origin !== 'default');
  return isNamed || existsSync(settings.policyFile);
}

function toOpen(session: Session, place: Place): RepositoryToOpen {
  const { at, name } = place;
  const open = (): Promise<Repository> => openPlace(session, place, { withinMs: limits.repositoryOpenMs });
  if ('folder' in at) return { name, open, folder: at.folder };
  const probe = async (): Promise<Connection> => {
    const [{ probeFault }, found] = await Promise.all([
      import('@holdfast/engine'),
      probePlace(session, place),
    ]);
    const fault = probeFault(found);
    return { fault, worries: found.findings.filter((each) => each !== fault) };
  };
  return { name, open, probe };
}

/** Those that can be read: what cannot is told by the connection. */
async function certificatesOf({ cacert, cert }: Session['settings']): Promise<CertificateFile[]> {
  const files: CertificateFile[] = [];
  for (const path of new Set([cacert, cert])) {
    const pem = path === undefined ? undefined : await readFile(path).catch(() => undefined);
    if (path !== undefined && pem !== undefined) files.push({ path, pem });
  }
  return files;
}

function doctorAnswer({ checks, readiness }: DoctorReport): Answer {
  const failed = checks.filter((each) => each.outcome === 'failed');
  const what = failed.map((each) => `${each.subject}: ${each.check} (${each.fault})`).join(', ');
  return {
    json: { apiVersion, kind: 'DoctorReport', healthy: failed.length === 0, checks, readiness },
    names: failed.map((each) => `${each.subject} ${each.check}`),
    text: (view) => doctorText(checks, view) + readinessText(readiness, view),
    ...(failed.length > 0 && {
      failure: new Failure('checks-failed', `${failed.length} of ${checks.length}: ${what}`),
    }),
  };
}

function readinessText(readiness: DoctorReport['readiness'], view: View): string {
  if (readiness === null) return '';
  const { score, items } = readiness;
  const tones = { met: 'good', 'not met': 'bad', unknown: 'faint' } as const;
  const lines = items.map(({ outcome, points, what, next }) => [
    `  ${view.style(tones[outcome], outcome)}`,
    outcome === 'met' ? `${points}` : `0 of ${points}`,
    what,
    outcome === 'met' ? '' : next,
  ]);
  return `\n${view.style('strong', `readiness: ${score} of 100`)}\n${aligned(lines)}`;
}

function doctorText(checks: readonly DoctorCheck[], view: View): string {
  const tones = { ok: 'good', warning: 'doubtful', failed: 'bad', skipped: 'faint' } as const;
  return [...Map.groupBy(checks, (each) => each.subject)]
    .map(([subject, own]) => {
      const lines = own.map((each) => {
        const fault = each.fault === undefined ? '' : ` (${each.fault})`;
        return [`  ${each.check}`, view.style(tones[each.outcome], each.outcome) + fault, each.found];
      });
      return `${view.style('strong', subject)}\n${aligned(lines)}${fixes(own)}`;
    })
    .join('\n');
}

function fixes(checks: readonly DoctorCheck[]): string {
  return checks.flatMap(({ check, fix }) => (fix === undefined ? [] : [`  ! ${check}: ${fix}\n`])).join('');
}
