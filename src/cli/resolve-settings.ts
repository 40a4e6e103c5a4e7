import { readFileSync } from "node:fs";
import type { z } from "zod";
import { errorCode, systemWords, UserError } from "../errors.js";
import {
  flagOf,
  isSetting,
  SETTINGS,
  type SettingName,
  type Settings,
  settingOfVariable,
  variableOf,
} from "../settings.js";

/** What each place says, before it is checked. */
export interface SettingSources {
  flags: Partial<Record<SettingName, unknown>>;
  environment: NodeJS.ProcessEnv;
  /** The path of the settings file; one that is not there says nothing. */
  file: string;
}

/**
 * The settings in force: flags go before variables, variables before the file, the file before the
 * defaults. Throws UserError naming every setting that is not known or not valid, and where.
 */
export function resolveSettings({ flags, environment, file }: SettingSources): Settings {
  const inFile = readSettingsFile(file);
  const faults = [
    ...Object.keys(inFile).flatMap((key) => unknownSetting(`${file}: ${key}`, key)),
    ...Object.keys(environment).flatMap((variable) => {
      const key = settingOfVariable(variable);
      return key === null ? [] : unknownSetting(variable, key);
    }),
  ];
  const settings: Record<string, unknown> = {};
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const { schema, default: fallback } = SETTINGS[name];
    const given: [place: string, value: unknown][] = [
      [flagOf(name), flags[name]],
      [variableOf(name), environment[variableOf(name)]],
      [`${file}: ${name}`, inFile[name]],
    ];
    const [place, value] = given.find(([, each]) => each !== undefined) ?? [
      "default",
      fallback ?? undefined,
    ];
    const result = schema.safeParse(value);
    if (result.success) settings[name] = result.data;
    else faults.push(`${place}: ${faultOf(result.error, value)}`);
  }
  if (faults.length > 0) {
    throw new UserError(faults.join("\n"), { hint: "docs/settings.md lists every setting" });
  }
  return settings as Settings;
}

function unknownSetting(place: string, key: string): string[] {
  return isSetting(key) ? [] : [`${place}: no such setting${nearest(key)}`];
}

/** What is said of values that hold a key or a password where none belongs. */
const MAY_HOLD_A_KEY = /not a key$|a password/;

/**
 * What is wrong with a value, and the value itself where it cannot hold a key. Where it may, it is
 * told by the place in it that is wrong.
 */
function faultOf({ issues: [issue] }: z.ZodError, value: unknown): string {
  const inner = issue?.code === "invalid_key" ? issue.issues[0] : undefined;
  const message = (inner ?? issue)?.message ?? "not valid";
  if (!mayHoldFields(value)) {
    return MAY_HOLD_A_KEY.test(message) ? message : `${message}, got ${JSON.stringify(value)}`;
  }
  const place = issue?.path.join(".") ?? "";
  return place === "" ? message : `${place}: ${message}`;
}

/** Whether there is an object in a value, which may be JSON: what stands in its fields may be a key. */
function mayHoldFields(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(mayHoldFields);
  return typeof value === "string" ? /^\s*[[{]/.test(value) : typeof value === "object";
}

function readSettingsFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return {};
    const why = error instanceof SyntaxError ? withoutExcerpt(error.message) : systemWords(error);
    throw new UserError(`${path}: ${why}`, { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new UserError(`${path}: expected an object of settings`);
}

/** What JSON.parse says may end with what stands there: somebody may have put a key into the file. */
function withoutExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?".*/s, " in JSON");
}

/** A hint at the setting that was probably meant: one that holds or shares the first letters. */
function nearest(key: string): string {
  const found = Object.keys(SETTINGS).find(
    (name) => name.includes(key) || key.includes(name) || name.slice(0, 3) === key.slice(0, 3),
  );
  return found === undefined ? "" : `; did you mean ${found}?`;
}
