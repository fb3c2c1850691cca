import { quietIo } from './quiet-io.ts';
import { buildProgram } from '../program.ts';
import { cliReference } from './cli.ts';
import { configReference } from './config.ts';
import { errorsReference } from './errors.ts';

/** The generated pages of docs/reference: path from the root of the checkout, and text. The same on every machine. */
export function generateReference(): Map<string, string> {
  const program = buildProgram(quietIo);
  return new Map([
    ['docs/reference/cli.md', cliReference(program)],
    ['docs/reference/config.md', configReference()],
    ['docs/reference/errors.md', errorsReference()],
  ]);
}
