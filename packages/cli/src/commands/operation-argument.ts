import { Argument } from 'commander';

/** The argument that names an operation of a server. */
export function operationArgument(): Argument {
  return new Argument('<operation>', 'its id, as op-7f3kq');
}
