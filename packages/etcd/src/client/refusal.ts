import type { IncomingHttpHeaders } from 'node:http2';

/** The gRPC status codes that Holdfast tells apart (gRPC's own numbers). */
export const grpcCode = { ok: 0, deadlineExceeded: 4, failedPrecondition: 9, unavailable: 14 } as const;

/** Refusals that are known by their words (etcd's rpctypes): the streams of 3.4 and 3.5 give them no code. */
const words = {
  compacted: 'required revision has been compacted',
  authNotEnabled: 'authentication is not enabled',
  learner: 'not supported for learner',
  noUser: 'user name is empty',
  unknownUser: 'user name not found',
  permission: 'permission denied',
  token: 'invalid auth token',
  wrongLogin: 'authentication failed',
} as const;

/** etcd answered, and the answer was no: a gRPC status other than OK, with etcd's own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  /** Whether this is the refusal that is meant. */
  is(meant: keyof typeof words): boolean {
    return this.message.includes(words[meant]);
  }
}

/** The refusal under an error that a call threw, if etcd's answer was the reason. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  return error instanceof Error && error.cause instanceof Refusal ? error.cause : undefined;
}

/** The status in HTTP/2 trailers (or in the headers, when an answer has no body); undefined when there is none. */
export function readStatus(headers: IncomingHttpHeaders): { code: number; message: string } | undefined {
  const code = headers['grpc-status'];
  if (code === undefined) return undefined;
  return { code: Number(code), message: percentDecoded(String(headers['grpc-message'] ?? '')) };
}

/** grpc-message is percent-encoded UTF-8; a malformed one is shown as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
