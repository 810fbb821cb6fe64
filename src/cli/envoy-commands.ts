/** The verbs about Envoy: `envoy render` and `envoy lint`. */
import { type Command, Option } from 'commander';
import type { CommandParts } from './command-parts.ts';
import type { EnvoyLintOptions } from './envoy-lint.ts';
import type { EnvoyRenderOptions } from './envoy-render.ts';

/** Adds `envoy` and its verbs. */
export function addEnvoy(program: Command, parts: CommandParts): void {
  const envoy = program.command('envoy').description("Make Envoy's configuration from the matrix, and judge one.");
  addRender(envoy, parts);
  addLint(envoy, parts);
}

function addRender(envoy: Command, { terminal, done, common, examples }: CommandParts): void {
  common(envoy.command('render'))
    .description('Write an Envoy 1.40 bootstrap: listeners, the Check, one route per row, and one for everything else.')
    .addHelpText(
      'before',
      examples([
        'envoy render --out envoy.yaml',
        'envoy render --matrix demo/matrix.yaml --upstream erp.acme.example=10.0.0.7:8080',
        'envoy render --only routes',
      ]),
    )
    .option('-m, --matrix <file>', 'the matrix, instead of the one that the configuration names')
    .option('--out <file>', 'write here, instead of to stdout')
    .addOption(new Option('--only <part>', 'not the whole bootstrap').choices(['routes']))
    .option('--check <address>', 'where Behalf listens, instead of where the configuration says')
    .option('--listen <address>', 'where agents connect to', '0.0.0.0:8443')
    .option('--listen-tcp <address>', 'where they connect to for tcp rows that have a server name', '0.0.0.0:8444')
    .option('--cert <file>', 'the certificate that Envoy shows', '/etc/envoy/tls/server.pem')
    .option('--key <file>', 'its key', '/etc/envoy/tls/server.key')
    .option('--ca <file>', "the CA of the agents' certificates", '/etc/envoy/tls/clients.pem')
    .option('--upstream-ca <file>', 'the CAs of upstreams over TLS', '/etc/ssl/certs/ca-certificates.crt')
    .option('--upstream <host=address>', 'reach a host, or a tcp row, here in clear text; repeatable', collect)
    .option('--body <row=bytes>', 'send this much of the body, for grants with an amount; repeatable', collect)
    .action(async (options: EnvoyRenderOptions) => {
      const { envoyRender } = await import('./envoy-render.ts');
      done(await envoyRender(options, terminal));
    });
}

function addLint(envoy: Command, { terminal, done, examples }: CommandParts): void {
  envoy
    .command('lint')
    .argument('<file>', 'a bootstrap in YAML or JSON, or what /config_dump says')
    .description('Look for ways around the Check. Exits with 4 where there is one.')
    .addHelpText(
      'before',
      examples([
        'envoy lint envoy/ingress.yaml',
        'envoy lint envoy.yaml --matrix matrix.yaml',
        'envoy lint dump.json --json',
      ]),
    )
    .option('-m, --matrix <file>', 'also: every row has its route and the body that it reads, and every route its row')
    .option('--xfcc', 'behalf.yaml says peer.from: xfcc, so another proxy ends the mTLS')
    .option('--json', 'print JSON')
    .action(async (file: string, options: EnvoyLintOptions) => {
      const { envoyLint } = await import('./envoy-lint.ts');
      done(await envoyLint(file, options, terminal));
    });
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
