/** How somebody is told something: an address that is a secret, and the words of a notice. */
export { type SecretAddress, secretAddress, sendOut } from './outbound.ts';
export {
  noticeDigest,
  noticeLength,
  type NoticeOrigin,
  noticeOf,
  noticeText,
  type ToldAlert,
} from './notice.ts';
