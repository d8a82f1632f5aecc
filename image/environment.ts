/**
 * The environment variables of the image, for all its programs. A start reads a compile cache only if V8 has the flags
 * with which the cache was made.
 */
export const ENVIRONMENT = {
  // Node also trusts the certificates in /etc/ssl/certs, so a private CA only has to be mounted there.
  NODE_USE_SYSTEM_CA: '1',
  // Young objects have 12 MB and not 48 MB before V8 collects them. A function that reads 10,000 records then needs
  // 150 MB and not 260 MB, and no more time (test/scale/).
  NODE_OPTIONS: '--max-semi-space-size=4',
  NODE_COMPILE_CACHE_PORTABLE: '1'
}
