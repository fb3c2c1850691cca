import { Findings } from './report.ts';

/** The oldest Node that Holdfast runs on, as in its package. */
const oldest = [22, 19] as const;

/** Whether this machine can run Holdfast. */
export function checkMachine(version: string = process.versions.node): Findings {
  const findings = new Findings('this machine');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
    findings.ok('Node.js', version);
  } else {
    findings.failed('Node.js', version, 'setup', `Install Node.js ${oldest.join('.')} or newer.`);
  }
  return findings;
}
