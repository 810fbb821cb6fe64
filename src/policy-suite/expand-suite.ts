import { ConfigError, type Problem } from '../config/problem.ts';
import { dotted, type KeyPath } from '../config/strict-yaml.ts';
import { suggest } from '../config/suggest.ts';
import { type Coordinates, cellInput } from './cell-input.ts';
import { inputSchema } from './input-schema.ts';
import type { Cell } from './suite.ts';
import { type Answer, SIDES, type Side, type SuiteTest, type SuiteText } from './suite-schema.ts';

/** Where a suite was read from. */
export interface SuitePlace {
  readonly file: string;
  readonly where: (keys: KeyPath) => string;
}

type Names = Readonly<Record<Side, string>>;
type Row = SuiteTest['expect'][number];

/** More of them are a mistake, and would be asked one by one. */
const MAX_CELLS = 20_000;

/**
 * Makes each cell of each test of a suite, with its one expectation. A name that is not there, a cell that two rows or
 * none are for, a row that no cell is for, and an input that no Check can make are problems: a test that is not run must
 * not look like one that passes.
 * @throws ConfigError with every problem
 */
export function expandSuite(suite: SuiteText, place: SuitePlace): readonly Cell[] {
  const problems: Problem[] = [];
  const cells = suite.tests.flatMap((test, index) => {
    const unknown = unknownNames(suite, test, index);
    problems.push(...unknown.map(([keys, message]) => ({ where: place.where(keys), message })));
    return unknown.length > 0 ? [] : cellsOf({ suite, test, index, place, problems });
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return cells;
}

interface TestParts {
  readonly suite: SuiteText;
  readonly test: SuiteTest;
  readonly index: number;
  readonly place: SuitePlace;
  readonly problems: Problem[];
}

function cellsOf(parts: TestParts): readonly Cell[] {
  const { suite, test, index, place, problems } = parts;
  const keys = ['tests', index];
  const count = SIDES.reduce((product, side) => product * namesOf(suite, test, side).length, 1);
  if (count > MAX_CELLS) {
    problems.push({ where: place.where(keys), message: `makes ${count} cells; at most ${MAX_CELLS} are run` });
    return [];
  }
  if (count === 0) problems.push({ where: place.where(keys), message: 'makes no cell: each side needs a name' });
  const used = new Set<Row>();
  const cells = combinations(suite, test).flatMap((names) => {
    const rows = test.expect.filter((row) => SIDES.every((side) => row[side]?.includes(names[side]) ?? true));
    for (const row of rows) used.add(row);
    const cell = cellOf(parts, names, rows);
    if ('input' in cell) return [cell];
    problems.push(cell);
    return [];
  });
  for (const [at, row] of test.expect.entries()) {
    if (used.has(row)) continue;
    problems.push({ where: place.where([...keys, 'expect', at]), message: 'no cell of this test is meant; remove it' });
  }
  return cells;
}

function cellOf({ suite, test, index, place }: TestParts, names: Names, rows: readonly Row[]): Cell | Problem {
  const { where, file } = place;
  const shown = SIDES.map((side) => names[side]).join('/');
  const [first, second] = rows;
  const at = first === undefined ? undefined : test.expect.indexOf(first);
  const keys = ['tests', index, ...(at === undefined ? ['default'] : ['expect', at])];
  if (second !== undefined) {
    const other = test.expect.indexOf(second) + 1;
    return { where: where(keys), message: `the cell ${shown} is also meant by row ${other}; name it in one of them` };
  }
  const expected: Answer | undefined = first ?? test.default;
  if (expected === undefined) {
    const message = `nothing is expected of the cell ${shown}; add a row for it, or \`default: deny\``;
    return { where: where(['tests', index]), message };
  }
  const now = Date.parse(test.now ?? suite.now);
  const input = inputSchema.safeParse(cellInput({ suite, at: coordinates(suite, names), now, input: test.input }));
  if (!input.success) return { where: where(keys), message: inputProblem(shown, input.error.issues[0]) };
  return { id: `${suite.suite}/${test.name}/${shown}`, file, where: where(keys), input: input.data, expected };
}

function inputProblem(shown: string, issue: { path: PropertyKey[]; message: string } | undefined): string {
  return `no Check makes the input of ${shown}: input.${dotted(issue?.path ?? [])}: ${issue?.message}`;
}

function coordinates(suite: SuiteText, names: Names): Coordinates {
  const at = <S extends Side>(side: S): Coordinates[S] =>
    [names[side], suite[side][names[side]]] as unknown as Coordinates[S];
  return { agents: at('agents'), people: at('people'), actions: at('actions'), grants: at('grants') };
}

function combinations(suite: SuiteText, test: SuiteTest): readonly Names[] {
  return SIDES.reduce<readonly Partial<Names>[]>(
    (made, side) => {
      const names = namesOf(suite, test, side);
      return made.flatMap((each) => names.map((name) => ({ ...each, [side]: name })));
    },
    [{}],
  ) as readonly Names[];
}

function namesOf(suite: SuiteText, test: SuiteTest, side: Side): readonly string[] {
  return test[side] ?? Object.keys(suite[side]);
}

/** Every name in a test that no side of the suite has. */
function unknownNames(suite: SuiteText, test: SuiteTest, index: number): readonly (readonly [KeyPath, string])[] {
  const rows = [
    [test, ['tests', index]] as const,
    ...test.expect.map((row, at) => [row, ['tests', index, 'expect', at]] as const),
  ];
  return rows.flatMap(([row, keys]) =>
    SIDES.flatMap((side) => {
      const known = Object.keys(suite[side]);
      return (row[side] ?? [])
        .filter((name) => !known.includes(name))
        .map((name): readonly [KeyPath, string] => {
          const meant = suggest(name, known);
          const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${meant}"?`;
          return [[...keys, side], `there is no "${name}" among the ${side}; ${hint}`];
        });
    }),
  );
}
