import { DiagLogLevel, diag } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } from '@opentelemetry/otlp-grpc-exporter-base';
import type { Logger } from '../log.ts';

/** Sends one ExportTraceServiceRequest. Never rejects. */
export interface OtlpTransport {
  /** @returns why the collector did not take it; undefined where it did */
  send(request: Uint8Array): Promise<string | undefined>;
  close(): void;
}

const GRPC_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** The request is bytes already; what the collector says of partial success is not ours to mend. */
const SERIALIZER = { serializeRequest: (request: Uint8Array) => request, deserializeResponse: () => ({}) };
/** For the SDK's metrics of itself, which we do not collect. */
const UNCOUNTED = { name: 'span', countItems: () => 0 } as const;

/**
 * The SDK's OTLP transport, with its retries, timeouts, TLS, headers and compression, set up by the standard
 * `OTEL_EXPORTER_OTLP_*` variables; `http/protobuf` by default.
 * @throws Error where `OTEL_EXPORTER_OTLP_PROTOCOL` names a protocol that we do not speak
 */
export function createOtlpTransport(log: Logger): OtlpTransport {
  const delegate = warningsTo(log, createDelegate);
  return {
    send: (request) =>
      new Promise((resolve) => {
        try {
          delegate.export(request, ({ code, error }) => {
            resolve(code === ExportResultCode.SUCCESS ? undefined : describe(error));
          });
        } catch (error) {
          resolve(describe(error));
        }
      }),
    close: () => {
      // The process is ending: what was not sent has been counted by span-otlp.ts.
      delegate.shutdown().catch(() => undefined);
    },
  };
}

function createDelegate(): IOtlpExportDelegate<Uint8Array> {
  const { env } = process;
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf';
  switch (protocol) {
    case 'http/protobuf': {
      const options = convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' });
      return createOtlpHttpExportDelegate(options, SERIALIZER, 'otlp_http_span_exporter', UNCOUNTED, undefined);
    }
    case 'grpc': {
      const options = convertLegacyOtlpGrpcOptions({}, 'TRACES');
      const type = 'otlp_grpc_span_exporter';
      return createOtlpGrpcExportDelegate(
        options,
        SERIALIZER,
        type,
        UNCOUNTED,
        undefined,
        'TraceExportService',
        GRPC_PATH,
      );
    }
    default:
      throw new Error(
        `OTEL_EXPORTER_OTLP_PROTOCOL: ${JSON.stringify(protocol)} is not spoken here. Use http/protobuf or grpc`,
      );
  }
}

/** The SDK tells of an unusable endpoint, header or certificate variable only while it reads them, and only here. */
function warningsTo<Result>(log: Logger, make: () => Result): Result {
  const warn = (problem: string): void => log.warn({ problem }, 'an OTEL_EXPORTER_OTLP_* variable cannot be used');
  diag.setLogger(
    { error: warn, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  try {
    return make();
  } finally {
    diag.disable();
  }
}

function silent(): void {
  // The SDK's chatter is not for the operator.
}

/** What went wrong, without the collector's own words, which could echo a header. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}
