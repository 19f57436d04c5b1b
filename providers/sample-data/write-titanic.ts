/**
 * Made-up passengers in the columns of the well-known list of the Titanic: ages are missing, cabins mostly, and two ports. It is no
 * copy of that list, which belongs to others.
 */
import { writeFile } from 'node:fs/promises';
import { writeWhole } from '../files/whole-file.ts';
import { seededRandom } from './random.ts';

export interface TitanicOptions {
  /** Default 891, as in the list. */
  readonly rows?: number;
  /** The same seed and rows give the same file; default 1912. */
  readonly seed?: number;
}

export interface Titanic {
  readonly path: string;
  readonly rows: number;
  readonly missingAges: number;
  readonly missingCabins: number;
  readonly missingPorts: number;
}

/** The file's columns by type. */
export const TITANIC_COLUMN_TYPES = {
  PassengerId: 'int64',
  Survived: 'int64',
  Pclass: 'int64',
  Name: 'text',
  Sex: 'text',
  Age: 'float64',
  SibSp: 'int64',
  Parch: 'int64',
  Ticket: 'text',
  Fare: 'float64',
  Cabin: 'text',
  Embarked: 'text',
} as const;

const SURNAMES = [
  'Abbott',
  'Baker',
  'Carter',
  'Dahl',
  'Ekström',
  "O'Dwyer",
  'Fischer',
  'Goodwin',
  'Hansen',
  'Jussila',
  'Kelly',
  'Lindqvist',
];
const FIRST_NAMES = {
  male: ['John', 'William', 'Karl', 'Patrick', 'Henry'],
  female: ['Mary', 'Anna', 'Margaret', 'Elin', 'Bridget'],
} as const;
/** Shares of the classes, and chances of survival by class and sex, near those of the list. */
const CLASSES = [
  { share: 0.24, fare: 84, cabins: 0.8, male: 0.37, female: 0.97 },
  { share: 0.21, fare: 21, cabins: 0.1, male: 0.16, female: 0.92 },
  { share: 0.55, fare: 14, cabins: 0.03, male: 0.14, female: 0.5 },
] as const;

/** Writes `path` as CSV. The file appears under its name only when it is whole. */
export async function writeTitanic(path: string, { rows = 891, seed = 1912 }: TitanicOptions = {}): Promise<Titanic> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const missing = { missingAges: 0, missingCabins: 0, missingPorts: 0 };
  let text = `${Object.keys(TITANIC_COLUMN_TYPES).join(',')}\n`;
  for (let id = 1; id <= rows; id++) {
    const place = random();
    const at = place < CLASSES[0].share ? 0 : place < CLASSES[0].share + CLASSES[1].share ? 1 : 2;
    const { fare, cabins, ...survival } = CLASSES[at];
    const sex = random() < 0.65 ? 'male' : 'female';
    const survived = random() < survival[sex] ? 1 : 0;
    const title = sex === 'male' ? 'Mr.' : random() < 0.6 ? 'Miss.' : 'Mrs.';
    const age = random() < 0.2 ? '' : String(Math.max(1, Math.round((8 + random() * 30 + random() * 25 + (2 - at) * 4) * 2) / 2));
    const cabin = random() < cabins ? `${pick(['A', 'B', 'C', 'D', 'E'])}${1 + Math.floor(random() * 120)}` : '';
    // Exactly two, wherever the list is long enough to have them.
    const port = id === 62 || id === 830 ? '' : pick(['S', 'S', 'S', 'S', 'C', 'Q']);
    const name = `"${pick(SURNAMES)}, ${title} ${pick(FIRST_NAMES[sex])}"`;
    const ticket = random() < 0.2 ? `A/5 ${10_000 + Math.floor(random() * 30_000)}` : String(100_000 + Math.floor(random() * 280_000));
    const price = (fare * (0.4 + random() * 1.3)).toFixed(4).replace(/\.?0+$/, '');
    const relatives = [random() < 0.3 ? 1 + Math.floor(random() * 3) : 0, random() < 0.24 ? 1 + Math.floor(random() * 2) : 0];
    if (age === '') missing.missingAges++;
    if (cabin === '') missing.missingCabins++;
    if (port === '') missing.missingPorts++;
    text += `${id},${survived},${at + 1},${name},${sex},${age},${relatives.join(',')},${ticket},${price},${cabin},${port}\n`;
  }
  await writeWhole(path, (unfinished) => writeFile(unfinished, text));
  return { path, rows, ...missing };
}
