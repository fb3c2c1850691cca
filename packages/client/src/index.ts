/** @holdfast/client: the REST API of a Holdfast server as typed calls. */
export { connectServer, type Call, type Reply, type ServerAddress, type ServerClient } from './server.ts';
export { RefusedFailure } from './told-failure.ts';
