/** @holdfast/kube/testing: clusters that are made up, for tests of other packages. */
export {
  apiServerManifest,
  bootstrapPair,
  encryptedSecret,
  encryptionConfiguration,
  factsOf,
  type NodeFiles,
  password,
  pkiFiles,
} from './clusters.ts';
export { type Openssl, startOpenssl } from './openssl.ts';
