import type { TestResult, TestRun } from './policy-test-result.ts';
import { testText } from './policy-test-text.ts';

/** GitHub's workflow commands, which mark the line of each test that did not pass; and the summary. */
export function testGithub(run: TestRun): string {
  const marks = run.results.filter(({ status }) => status !== 'passed').map(mark);
  return `${marks.join('')}${testText({ ...run, results: run.results }, false)
    .split('\n')
    .slice(-2)
    .join('\n')}`;
}

function mark({ status, file, row, column, id, lines }: TestResult): string {
  const level = status === 'skipped' ? 'notice' : 'error';
  const title = status === 'disagreed' ? `${id} (OPA and Behalf disagree)` : id;
  const at = `file=${property(file)},line=${row},col=${column},title=${property(title)}`;
  return `::${level} ${at}::${data([status, ...lines].join('\n'))}\n`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
