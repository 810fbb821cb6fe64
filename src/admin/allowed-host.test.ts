import { describe, expect, it } from 'vitest';
import { isAllowedHost } from './allowed-host.ts';

describe('a Host header (threats W04)', () => {
  it.each([
    ['the configured name', 'admin.acme.example:9193', 'admin.acme.example', undefined, true],
    ['the configured name in another case', 'ADMIN.acme.example', 'admin.acme.example', undefined, true],
    ['the IPv6 address that the connection came to', '[2001:db8::7]:9193', '::', '2001:db8::7', true],
    ['the IPv4 address behind a dual-stack socket', '192.0.2.7:9193', '::', '::ffff:192.0.2.7', true],
    ["another machine's address", '192.0.2.8:9193', '::', '::ffff:192.0.2.7', false],
    ['nothing', undefined, '127.0.0.1', '127.0.0.1', false],
    ['an empty one', '', '127.0.0.1', '127.0.0.1', false],
    ['an empty one on an unknown address', '', '127.0.0.1', undefined, false],
    ['a port alone', ':9193', '127.0.0.1', '127.0.0.1', false],
    ['a name with something behind its port', 'localhost:9193.evil.example', '127.0.0.1', '127.0.0.1', false],
    ['two names', 'localhost, evil.example', '127.0.0.1', '127.0.0.1', false],
  ])('that is %s', (_, header, configured, arrivedAt, expected) => {
    expect(isAllowedHost(header, configured, arrivedAt)).toBe(expected);
  });
});
