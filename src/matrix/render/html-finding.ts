import type { Finding } from '../lint/finding.ts';
import { escaped } from './escaped.ts';

/** A finding where a reviewer cannot miss it. */
export function htmlFinding({ severity, rule, message }: Finding): string {
  const word = severity === 'error' ? 'Error' : 'Warning';
  return `<p class="note ${severity}"><strong>${word}</strong> <code>${escaped(rule)}</code> ${escaped(message)}</p>\n`;
}
