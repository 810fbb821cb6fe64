import { reviewMatrix } from '../matrix/render/review-matrix.ts';
import { toHtml } from '../matrix/render/to-html.ts';
import { toMarkdown } from '../matrix/render/to-markdown.ts';
import { writeOut } from './matrix-out.ts';
import { type MatrixOptions, openMatrix } from './matrix-source.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface RenderOptions extends MatrixOptions {
  readonly format: 'md' | 'html';
  readonly out?: string;
  readonly title?: string;
  /** Milliseconds since the epoch: the day that the page is of. */
  readonly date?: number;
}

/**
 * Renders a matrix for review. Says nothing about whether it is good: the findings are on the page.
 * @throws ConfigError; StartError where the page cannot be written
 */
export function render(file: string | undefined, options: RenderOptions, terminal: Terminal): ExitCode {
  const now = options.date ?? Date.now();
  const { source, matrix, facts, findings } = openMatrix(file, options, terminal, now);
  const title = options.title ?? `Auth matrix of ${matrix.trustDomain}`;
  const review = reviewMatrix(source, matrix, { title, now, isDurable: facts.isDurable, findings });
  const text =
    options.json === true ? jsonLine(review) : options.format === 'html' ? toHtml(review) : toMarkdown(review);
  writeOut(text, options.out, terminal);
  return 0;
}
