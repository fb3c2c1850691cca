import { styleText } from 'node:util';

/** Seconds with one digit. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}

/** The line that more may be written on: '' is that of a step, a word that of a group; undefined: there is none. */
let open: string | undefined;

function endLine(): void {
  if (open !== undefined) process.stdout.write('\n');
  open = undefined;
}

/** Tells a line that belongs to the step before it, or to the one that is under way. */
export function tell(line: string): void {
  endLine();
  console.log(`      ${line}`);
}

/** Tells one more thing of a group as it happens; each group has a line. */
export function live(group: string, what: string): void {
  if (open === group) return void process.stdout.write(`, ${what}`);
  endLine();
  process.stdout.write(`      ${styleText('dim', group)} ${what}`);
  open = group;
}

let number = 0;

/** Tells one numbered step: what is done, what is told of it meanwhile, then what came of it and how long it took. */
export async function step<T>(
  what: string,
  act: () => Promise<T>,
  outcome: (result: T) => string = () => '',
): Promise<T> {
  number += 1;
  const started = performance.now();
  endProgress();
  process.stdout.write(`${styleText('bold', String(number).padStart(2))}  ${what} `);
  open = '';
  const result = await act();
  const said = outcome(result);
  const indent = open === '' ? '' : '      ';
  if (open !== '') endLine();
  console.log(
    `${indent}${said === '' ? '' : `${said} `}${styleText('dim', seconds(performance.now() - started))}`,
  );
  open = undefined;
  return result;
}

/** Tells how a long preparation gets on: one living line on a terminal, elsewhere a line for each thing and not its seconds. */
export function progress(text: string): void {
  const line = `      ${text}  (only the first time)`;
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\u001b[2K${line.slice(0, process.stdout.columns - 1)}`);
    living = true;
  } else if (!/\d s$/.test(text)) console.log(line);
}

let living = false;

function endProgress(): void {
  if (living) process.stdout.write('\r\u001b[2K');
  living = false;
}

/** Tells that something is proven, or that it is not; what is not proven ends the demo with status 1. */
export function proof(holds: boolean, what: string): void {
  console.log(`      ${holds ? styleText('green', 'proven') : styleText('red', 'WRONG ')}  ${what}`);
  if (!holds) process.exitCode = 1;
}
