import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { limits } from '@holdfast/base';
import { Findings } from './report.ts';

/** The oldest Node that Holdfast runs on, as in its package. */
const oldest = [22, 19] as const;

/** Whether this machine can run Holdfast, and tells the right time. */
export async function checkMachine(): Promise<Findings> {
  const findings = new Findings('this machine');
  checkNode(findings, process.versions.node);
  checkClock(findings, await isSynchronised());
  return findings;
}

/** Whether a version of Node is new enough. */
export function checkNode(findings: Findings, version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
    findings.ok('Node.js', version);
  } else {
    findings.failed('Node.js', version, 'setup', `Install Node.js ${oldest.join('.')} or newer.`);
  }
}

/** Schedules, retention by age and the signatures of S3 go by the clock. */
function checkClock(findings: Findings, isRight: boolean | undefined): void {
  if (isRight === undefined) findings.skipped('clock', 'nobody here tells whether it is synchronised');
  else if (isRight) findings.ok('clock', 'synchronised');
  else {
    const found = 'it is not synchronised: schedules, ages and S3 go by it';
    findings.warning('clock', found, 'setup', 'Run chrony or systemd-timesyncd.');
  }
}

/** As systemd sees it; undefined where there is no systemd, or it does not answer. */
async function isSynchronised(): Promise<boolean | undefined> {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: limits.mountAnswerMs });
    return stdout.trim() === 'yes' ? true : stdout.trim() === 'no' ? false : undefined;
  } catch {
    return undefined;
  }
}
