import { type Command, Option } from "commander";
import {
  flagHelp,
  flagOf,
  groupOf,
  SETTINGS,
  SETTINGS_FILE,
  type SettingName,
  type Settings,
} from "../settings.js";
import { type Output, openOutput } from "./output.js";
import { resolveSettings } from "./resolve-settings.js";

interface CommonFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  [setting: string]: unknown;
}

/** Adds `--json`, `-q`, `-v` and, beside them, `-h`. */
export function withOutput(command: Command): Command {
  return command
    .optionsGroup("Output:")
    .option("--json", "print one JSON object a line, and nothing else, on standard output")
    .option("-q, --quiet", "print results and errors only")
    .option("-v, --verbose", "print details, too")
    .helpOption("-h, --help", "show this help");
}

/** Adds the flags of the named settings; their values stay text until `settingsOf` checks them. */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { value, default: fallback } = SETTINGS[name] as (typeof SETTINGS)["tasks"];
    const flag = value === undefined ? flagOf(name) : `${flagOf(name)} <${value}>`;
    const isShown = value !== undefined && fallback !== null;
    const help = `${flagHelp(name)}${isShown ? ` (default: ${fallback})` : ""}`;
    command.addOption(new Option(flag, help).helpGroup(`${groupOf(name)}:`));
  }
  return command;
}

export function outputOf(command: Command): Output {
  const { json = false, quiet = false, verbose = false } = command.opts<CommonFlags>();
  return openOutput({ json, quiet, verbose });
}

/** The settings in force for a command. Throws UserError naming each that is not valid. */
export function settingsOf(command: Command): Settings {
  const given = command.opts<CommonFlags>();
  // A switch that is on by default has a value without having been given.
  const flags = Object.fromEntries(
    (Object.keys(SETTINGS) as SettingName[])
      .filter((name) => command.getOptionValueSource(toCamel(name)) === "cli")
      .map((name) => [name, given[toCamel(name)]]),
  );
  return resolveSettings({ flags, environment: process.env, file: SETTINGS_FILE });
}

function toCamel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
