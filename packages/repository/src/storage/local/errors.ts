import { Failure } from '@holdfast/base';

/** The name of a system error, e.g. `ENOENT`; undefined for anything else. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether `error` is one of these system errors. */
export function isSystemError(error: unknown, ...codes: string[]): boolean {
  return codes.includes(systemCode(error) ?? '');
}

/** What a system error means to one who writes `path`; what is no system error stays what it is. */
export function writeFailure(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || !(error instanceof Error) || error instanceof Failure) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new Failure(full ? 'disk-full' : 'file-unwritable', error.message, { path }, { cause: error });
}

/** Runs `act`, with its system errors told as failures to write `path`. */
export async function writing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw writeFailure(error, path);
  }
}

/** Runs `act`, with its system errors told as failures to read `path`. */
export async function reading<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (systemCode(error) === undefined || !(error instanceof Error) || error instanceof Failure) throw error;
    throw new Failure('file-unreadable', error.message, { path }, { cause: error });
  }
}
