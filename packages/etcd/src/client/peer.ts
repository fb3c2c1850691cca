import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { Failure, limits, type Clock } from '@holdfast/base';
import { Channel, ConnectionError, type Exchange, type TlsIdentity } from './channel.ts';
import { connectionFailure } from './connection-failure.ts';
import type { Endpoint } from './endpoint.ts';
import { Auth } from './gen/etcd_pb.ts';
import { grpcCode, Refusal } from './refusal.ts';

/** A user of etcd. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What a peer needs to know beside its endpoint. */
export interface PeerOptions {
  readonly tls?: TlsIdentity;
  readonly auth?: Credentials;
  readonly clock: Clock;
}

/** The etcd behind one endpoint: calls with deadlines, logged in when credentials are given, failing as Failures. */
export class Peer {
  readonly #endpoint: Endpoint;
  readonly #options: PeerOptions;
  readonly #channel: Channel;
  #token: Promise<string> | undefined;

  constructor(endpoint: Endpoint, options: PeerOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#channel = new Channel(endpoint, options.tls);
  }

  /**
   * Asks one question and waits `ms` milliseconds at most for its answer.
   *
   * @throws Failure etcd-unreachable, etcd-tls, etcd-auth, or etcd-refused with the Refusal as cause
   */
  async ask<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    ms: number = limits.etcdCallMs,
  ): Promise<MessageShape<O>> {
    return await this.#loggedIn(async (headers) => await this.#unary(method, request, ms, headers));
  }

  /**
   * Asks for a stream by one message and hands its bytes, framing included, to `onData` until it ends with the status OK.
   *
   * @throws Failure as {@link Peer.ask}, the signal's reason when it is aborted, or whatever `onData` throws
   */
  async listen<I extends DescMessage>(
    method: DescMethodServerStreaming<I> | DescMethodBiDiStreaming<I>,
    request: MessageInitShape<I>,
    onData: Exchange['onData'],
    signal: AbortSignal,
  ): Promise<void> {
    const message = toBinary(method.input, create(method.input, request));
    await this.#loggedIn(async (headers) => {
      await this.#channel.exchange({ path: pathOf(method), headers, message, onData, signal });
    });
  }

  /** Ends the connection at once. */
  close(): void {
    this.#channel.close();
  }

  /** Runs a call with the token, once more with a new one when etcd no longer knows it (it expires when unused). */
  async #loggedIn<T>(call: (headers: Record<string, string>) => Promise<T>): Promise<T> {
    try {
      try {
        return await call(await this.#headers());
      } catch (error) {
        if (!(error instanceof Refusal && error.is('token'))) throw error;
        this.#token = undefined;
        return await call(await this.#headers());
      }
    } catch (error) {
      if (error instanceof Refusal) throw this.#refused(error);
      if (!(error instanceof ConnectionError)) throw error;
      throw await connectionFailure(this.#endpoint, this.#options.tls, this.#options.clock, error.cause);
    }
  }

  async #headers(): Promise<Record<string, string>> {
    if (this.#options.auth === undefined) return {};
    this.#token ??= this.#login(this.#options.auth);
    const token = await this.#token;
    return token === '' ? {} : { token };
  }

  /** Resolves to the token; to '' when authentication is not switched on, and for a learner, which logs nobody in. */
  async #login({ user, password }: Credentials): Promise<string> {
    try {
      const request = { name: user, password };
      return (await this.#unary(Auth.method.authenticate, request, limits.etcdCallMs, {})).token;
    } catch (error) {
      if (error instanceof Refusal && (error.is('authNotEnabled') || error.is('learner'))) return '';
      this.#token = undefined;
      throw error;
    }
  }

  async #unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    ms: number,
    headers: Record<string, string>,
  ): Promise<MessageShape<O>> {
    const chunks: Buffer[] = [];
    const [late, done] = [new AbortController(), new AbortController()];
    this.#options.clock.sleep(ms, done.signal).then(
      () => late.abort(new Refusal(grpcCode.deadlineExceeded, `no answer within ${ms} ms`)),
      () => undefined,
    );
    try {
      await this.#channel.exchange({
        path: pathOf(method),
        headers: { ...headers, 'grpc-timeout': `${ms}m` },
        message: toBinary(method.input, create(method.input, request)),
        onData: (chunk) => void chunks.push(chunk),
        signal: late.signal,
      });
    } finally {
      done.abort();
    }
    return fromBinary(method.output, Buffer.concat(chunks).subarray(5));
  }

  #refused(error: Refusal): Failure {
    const details = { endpoint: this.#endpoint.url };
    const login = loginFault(error, this.#options.auth?.user);
    if (login !== undefined) return new Failure('etcd-auth', login, details, { cause: error });
    // etcd 3.4 also says "unavailable" for what a learner does not do.
    const absent = error.code === grpcCode.deadlineExceeded || error.code === grpcCode.unavailable;
    const code = absent && !error.is('learner') ? 'etcd-unreachable' : 'etcd-refused';
    return new Failure(code, error.message, details, { cause: error });
  }
}

/** What a refusal says of the user, if that is what it is about. */
function loginFault(refusal: Refusal, user: string | undefined): string | undefined {
  if (refusal.is('permission')) return `user ${user ?? '(none)'} may not do this: ${refusal.message}`;
  if (refusal.is('wrongLogin')) return `user ${user} is unknown, or the password is wrong`;
  if (refusal.is('token')) return `user ${user ?? '(none)'}: ${refusal.message}`;
  // etcd takes the name in a client certificate for a user where nobody has logged in.
  if (refusal.is('unknownUser')) return `user ${user ?? '(the name in the certificate)'} is unknown to it`;
  if (!refusal.is('noUser')) return undefined;
  return user === undefined
    ? 'it asks for a user, and none was given'
    : `as a learner it cannot log in user ${user}`;
}

function pathOf(method: DescMethodUnary | DescMethodServerStreaming | DescMethodBiDiStreaming): string {
  return `/${method.parent.typeName}/${method.name}`;
}
