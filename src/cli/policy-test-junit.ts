import type { TestResult, TestRun } from './policy-test-result.ts';

/** JUnit's XML, a suite for each file, as CI systems read it. */
export function testJunit({ results, milliseconds }: TestRun): string {
  const suites = [...Map.groupBy(results, ({ file }) => file)].map(([file, tests]) => suiteOf(file, tests));
  const seconds = (milliseconds / 1000).toFixed(3);
  const head = `<testsuites name="behalf policy test" ${counts(results)} time="${seconds}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${suites.join('')}</testsuites>\n`;
}

function suiteOf(file: string, tests: readonly TestResult[]): string {
  return `  <testsuite name="${escaped(file)}" ${counts(tests)}>\n${tests.map(caseOf).join('')}  </testsuite>\n`;
}

function counts(tests: readonly TestResult[]): string {
  const count = (...statuses: readonly TestResult['status'][]): number =>
    tests.filter(({ status }) => statuses.includes(status)).length;
  const [failures, errors] = [count('failed', 'disagreed'), count('unrunnable')];
  return `tests="${tests.length}" failures="${failures}" errors="${errors}" skipped="${count('skipped')}"`;
}

function caseOf({ file, row, id, kind, status, lines }: TestResult): string {
  const head = `    <testcase name="${escaped(id)}" classname="${kind}" file="${escaped(file)}" line="${row}"`;
  if (status === 'passed') return `${head}/>\n`;
  if (status === 'skipped') return `${head}><skipped/></testcase>\n`;
  const element = status === 'unrunnable' ? 'error' : 'failure';
  const opening = `<${element} type="${status}" message="${escaped(lines[0] ?? '')}">`;
  return `${head}>\n      ${opening}${escaped(lines.join('\n'))}</${element}>\n    </testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** XML 1.0 has no way to write most control characters. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
    .replaceAll(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character);
}
