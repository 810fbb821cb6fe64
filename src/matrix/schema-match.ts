import { isIP } from 'node:net';
import { z } from 'zod';
import { checked, choice, listOf, text } from '../config/fields.ts';
import { parsePathTemplate } from './path-template.ts';

// The host as request/host.ts states it: lower-case, without a trailing dot, without port 80 or 443.
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?!(?:80|443)$)[1-9][0-9]{0,4})?$/;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
// What a path shows literally (RFC 3986 §2.3): a topic must read the same in the path, the grant and the record.
const TOPIC = /^[A-Za-z0-9._~-]{1,249}(?:\/[A-Za-z0-9._~-]{1,249})*$/;
const SERVER_NAME =
  /^(?=.{1,253}$)(?=.*[a-z])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const RPC_METHOD = /^[a-z][A-Za-z0-9_]*(?:\/[A-Za-z0-9_]+)*$/;

const path = text(/^\//, 'must be a path that begins with "/"').superRefine((value, context) => {
  try {
    parsePathTemplate(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'is not a path template' });
  }
});

const mcp = z.strictObject({
  methods: listOf(text(RPC_METHOD, 'must be a JSON-RPC method such as tools/call')).meta({
    description:
      'JSON-RPC methods, such as `initialize` and `tools/call`; `response` lets the client answer requests of the server.',
  }),
  tools: listOf(text(/^[\x21-\x7e]{1,128}$/, 'must be the name of a tool'), 0)
    .prefault([])
    .meta({ description: 'The tools that `tools/call` may name. An empty list names none.' }),
});

/** Which requests a row is for. What each protocol needs is checked in references/protocol.ts. */
export const match = z.strictObject({
  hosts: listOf(text(HOST, 'must be a host in lower case, without scheme, wildcard, port 80 or port 443'))
    .optional()
    .meta({
      description: "Envoy's view of the host, in lower case, without port 80 or 443. Not for `tcp`, else required.",
    }),
  methods: listOf(choice(METHODS, ['CONNECT', 'TRACE']))
    .optional()
    .meta({
      description: 'HTTP methods. `grpc`: `[POST]`; `mcp`: of POST, GET and DELETE. Not for `tcp`, else required.',
    }),
  path: path.optional().meta({
    description:
      '`{name}` is one segment, `{rest+}` a tail; `grpc`: `/package.Service/Method`. Not for `tcp`, else required.',
  }),
  mcp: mcp.optional().meta({ description: '`mcp` only, and required there: what the JSON-RPC messages may ask for.' }),
  topic: text(TOPIC, 'must be a topic of letters, digits and "._~-/"')
    .optional()
    .meta({ description: '`queue.*` only: the topic that the `{topic}` of the path must be.' }),
  destination: checked(isDestination, 'must be IP:PORT or [IPV6]:PORT, as Envoy writes it')
    .optional()
    .meta({ description: '`tcp` only: `IP:PORT` that the client connects to.' }),
  sni: text(SERVER_NAME, 'must be a server name in lower case, without port and wildcard')
    .optional()
    .meta({ description: '`tcp` only: the TLS server name that the client asks for.' }),
});

/** Envoy writes addresses canonically (RFC 5952), and they are compared as text. */
function isDestination(value: string): boolean {
  const [, address = '', port = ''] = /^(\[[0-9a-f:.]+\]|[0-9.]+):([1-9][0-9]{0,4})$/.exec(value) ?? [];
  if (Number(port) > 65_535) return false;
  if (!address.startsWith('[')) return isIP(address) === 4;
  return isIP(address.slice(1, -1)) === 6 && new URL(`http://${address}`).hostname === address;
}
